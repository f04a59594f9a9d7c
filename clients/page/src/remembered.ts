import type { Stream } from "../../js/src/index.js";
import type { Request } from "./stage.js";
import { Storing } from "./storage.js";

const storing = new Storing("sessionStorage", "streaming-shown");

/** Keeps what is shown for a reload of this tab. */
export function rememberRequest({ requestId }: Stream, request: Request): void {
  storing.text = JSON.stringify({ requestId, request }); // if it is too long, the stream goes on without its name
}

/** The request of a stream from before the reload; `undefined` if another one was shown last. */
export function rememberedRequest({ requestId }: Stream): Request | undefined {
  const kept = storing.json<{ requestId: string; request: Request }>();
  return kept?.requestId === requestId ? kept.request : undefined;
}
