import type { StreamRequest, Watch } from "./protocol.js";
import type { StreamStart } from "./stream.js";
/** What another client needs to go on with a stream. */
export interface SavedStream {
    sessionId: string;
    /** The request, with its content only until the stream has started; of a live stream its `watch`. */
    request: (Omit<StreamRequest, "content"> & {
        content?: string;
    }) | Watch;
    start: StreamStart | undefined;
    /** The secret that gives access to the stream for some minutes; it is not the token of the user. */
    token: string | undefined;
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
