import type { StreamingClient } from "./client.js";
import { type RecoverOptions } from "./saved.js";
import type { Stream } from "./stream.js";
export { recover, save, type RecoverOptions, type Saved, type SavedStream } from "./saved.js";
export interface PersistOptions extends RecoverOptions {
    /**
     * Where the streams are kept; by default the `sessionStorage`, which ends with the tab. What is kept has the tokens of
     * the streams: pass `localStorage` only if everything on the origin may read them.
     */
    storage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
    /** The name of the item; one for each client of the page. */
    key?: string;
    /** Stops, and removes what is kept; before `persist` has returned, it leaves what is kept to the next call. */
    signal?: AbortSignal;
}
/**
 * Keeps the unfinished streams of the client for a reload of the page, and goes on with those from before the reload,
 * which it returns. In the duplicate of a tab that still has its streams, only live streams go on, as these can have many
 * readers. Without a storage it does nothing. Call it once: later calls return the same.
 */
export declare function persist(client: StreamingClient, options?: PersistOptions): Promise<Stream[]>;
