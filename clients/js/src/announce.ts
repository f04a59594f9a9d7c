import type { StreamState } from "./stream-options.js";

export interface Announcements {
  started: string;
  paused: string;
  resumed: string;
  lost: string;
  recovered: string;
  complete: string;
  cancelled: string;
  failed: string;
}

const ENGLISH: Announcements = {
  started: "The text is arriving.",
  paused: "Paused.",
  resumed: "The text goes on.",
  lost: "The connection was lost. Connecting again.",
  recovered: "Connected again. The text goes on.",
  complete: "The text is complete.",
  cancelled: "Stopped.",
  failed: "The text could not be completed.",
};

export interface AnnouncerOptions {
  /** What is announced instead; an empty text is not announced. */
  texts?: Partial<Announcements>;
  /** A live region of the page, such as one with `role="status"`. By default all announcers of a page share a hidden one. */
  region?: Element;
}

/**
 * Announces to screen readers what happens to a stream, politely, and marks the element in which it is shown with
 * `aria-busy` while more of it arrives. Pass the result as `onState`.
 */
export function announcer(element: Element, options: AnnouncerOptions = {}): (state: StreamState) => void {
  const texts = { ...ENGLISH, ...options.texts };
  const region = options.region ?? sharedRegion(element.ownerDocument);
  let before: StreamState = "waiting";
  return (state) => {
    const name = nameOf(before, state);
    before = state;
    element.setAttribute("aria-busy", String(state === "streaming" || state === "broken"));
    if (name && texts[name]) region.textContent = texts[name];
  };
}

function nameOf(before: StreamState, state: StreamState): keyof Announcements | undefined {
  if (state === before || state === "waiting") return undefined;
  if (state === "broken") return "lost";
  if (state !== "streaming") return state;
  return before === "paused" ? "resumed" : before === "broken" ? "recovered" : "started";
}

const regions = new WeakMap<Document, Element>();

/** It exists before its first text: what a region has when it is added is not announced. */
function sharedRegion(document: Document): Element {
  let region = regions.get(document);
  if (region?.isConnected) return region;
  region = document.createElement("div");
  region.setAttribute("role", "status");
  (region as HTMLElement).style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
  regions.set(document, document.body.appendChild(region));
  return region;
}
