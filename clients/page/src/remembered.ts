import type { Stream } from "../../js/src/index.js";
import type { Request } from "./stage.js";

const KEPT_AS = "streaming-shown";

/** An object that is stored as JSON; `undefined` if there is none, or it is none of the page's. */
export function stored<Kept extends object>(storage: Storage, key: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(storage.getItem(key) ?? "null");
    return typeof kept === "object" && kept ? (kept as Kept) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what is shown for a reload of this tab. */
export function rememberRequest({ requestId }: Stream, request: Request): void {
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify({ requestId, request }));
  } catch {} // it is too long: the stream goes on without its name
}

/** The request of a stream from before the reload; `undefined` if another one was shown last. */
export function rememberedRequest({ requestId }: Stream): Request | undefined {
  const kept = stored<{ requestId: string; request: Request }>(sessionStorage, KEPT_AS);
  return kept?.requestId === requestId ? kept.request : undefined;
}
