import type { Trace } from "../../js/src/index.js";
import { hexadecimal } from "./kept.js";

/** A trace of the page's own, so that a request has its id before it is answered, and also if it fails. */
export function newTrace(): { id: string; trace: Trace } {
  const [id, span] = [16, 8].map((size) => hexadecimal(crypto.getRandomValues(new Uint8Array(size)))) as [string, string];
  return { id, trace: { traceparent: `00-${id}-${span}-01` } };
}
