// A page in jsdom, as frameworks expect one.

import { JSDOM } from "jsdom";

export const { window } = new JSDOM("<!doctype html>", { pretendToBeVisual: true, url: "https://page.example" });
Object.assign(globalThis, { window, document: window.document });
const names =
  "Comment Document DocumentFragment Element HTMLElement HTMLMediaElement MathMLElement Node ShadowRoot SVGElement Text";
for (const name of names.split(" ")) globalThis[name] = window[name]; // events remain those of node, for its WebSocket

/** An empty element of the page. */
export function place() {
  const element = document.createElement("main");
  document.body.append(element);
  return element;
}
