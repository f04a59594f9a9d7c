import type { StreamingClient } from "./client.js";
import type { StreamRequest, Watch } from "./protocol.js";
import type { Stream } from "./stream.js";
import type { StreamStart } from "./stream-options.js";
/** What another client needs to go on with a stream. */
export interface SavedStream {
    sessionId: string;
    /** The request, with its content only until the stream has started; of a live stream its `watch`. */
    request: (Omit<StreamRequest, "content"> & {
        content?: string;
    }) | Watch;
    start?: StreamStart | undefined;
    /** The secret that gives access to the stream for some minutes; it is not the token of the user. */
    token?: string | undefined;
    paused: boolean;
    /** How many chunks were received. */
    received: number;
}
/** The unfinished streams of a client, as JSON. The tokens in it give access to them: keep it like a password. */
export interface Saved {
    version: 1;
    sessionId: string;
    streams: SavedStream[];
}
export interface RecoverOptions {
    /**
     * Whether what was received before `save` is kept, so that only the rest is sent: of a live stream what is before its
     * `settled`. By default each stream begins again with its first chunk.
     */
    kept?: boolean;
}
/**
 * All that another client needs to go on with the unfinished streams: after a reload, in another tab, on another device.
 * The token of the user is not in it.
 */
export declare function save(client: StreamingClient): Saved;
/**
 * Goes on with what `save` returned, in its order, as a client does after a lost connection. A client that still has the
 * streams loses them: they fail with `STREAM_TAKEN_OVER`. A client that was given no session id and has not connected
 * takes over the saved one. Throws a `TypeError` if a stream goes on already, or if it is not what `save` returns.
 */
export declare function recover(client: StreamingClient, saved: Saved, { kept }?: RecoverOptions): Stream[];
/** Whether it has the form of what `save` returns; it may come from anywhere. */
export declare function isSaved(value: unknown): value is Saved;
