import type { Chosen } from "./choices.js";

const TEXT_LIMIT = 2000;

/** What an address asks for. It is in the part after `#`, which browsers do not send. */
export interface Wish {
  /** The name of a sample, as `slug` writes it. */
  sample?: string;
  /** The reader's own text. */
  text?: string;
  chosen: Chosen;
}

export function slug(name: string): string {
  return name.toLowerCase().replaceAll(" ", "-");
}

/** `undefined` if the address asks for nothing. */
export function readAddress(): Wish | undefined {
  const { sample, text, ...chosen } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (!location.hash.includes("=")) return undefined; // nothing, or the name of a place on the page
  return { ...(sample && { sample }), ...(text && { text }), chosen };
}

/** Short texts only: an address that is too long is cut by programs that pass it on. */
export function addressOf({ sample, text, chosen }: Wish): string {
  const fields = { ...(sample && { sample }), ...chosen, ...(text && text.length <= TEXT_LIMIT && { text }) };
  return `#${new URLSearchParams(fields)}`;
}

/** Shows the state in the address, without a step in the history. */
export function showInAddress(wish: Wish): void {
  history.replaceState(history.state, "", addressOf(wish));
}
