import type { Piece } from "../../js/src/dom.js";

/** The content that has arrived, kept as the protocol describes it. */
export class Kept {
  text = "";

  append({ data, from }: Piece): void {
    this.text = (from === undefined ? this.text : this.text.slice(0, from)) + data;
  }
}

/** The number of characters as people count them, not UTF-16 units. */
export function characters(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}

/** The start of the SHA-256 in hexadecimal; `undefined` where the browser has none (pages over `http`). */
export async function fingerprint(text: string): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return hexadecimal(digest.slice(0, 6));
}

export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
