import type { Stream } from "../../js/src/index.js";
import type { Request } from "./stage.js";

const KEPT_AS = "streaming-shown";

/** Keeps what is shown for a reload of this tab. */
export function rememberRequest({ requestId }: Stream, request: Request): void {
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify({ requestId, request }));
  } catch {} // it is too long: the stream goes on without its name
}

/** The request of a stream from before the reload; `undefined` if another one was shown last. */
export function rememberedRequest({ requestId }: Stream): Request | undefined {
  const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "null") as { requestId: string; request: Request } | null;
  return kept?.requestId === requestId ? kept.request : undefined;
}
