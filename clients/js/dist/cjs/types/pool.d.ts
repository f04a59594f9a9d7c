import type { ConnectionState } from "./connection-options.js";
import type { StreamingError } from "./errors.js";
import type { Lane } from "./lane.js";
import type { Stream } from "./stream.js";
/** Makes the connections of a client: `parallel()` returns one. */
export type Pooling = (sessionId: string, open: Open) => Pool;
/** Makes a lane of a session for the pool. */
export type Open = (sessionId: string, pool: Pool) => Lane;
/** The connections of a client: one for each session. There are several sessions after a recovery. */
export declare class Pool {
    /** The session of new requests. */
    current: string;
    private readonly open;
    readonly lanes: Lane[];
    constructor(
    /** The session of new requests. */
    current: string, open: Open);
    get state(): ConnectionState;
    /** All that have not ended, in each session in their order. */
    get streams(): Stream[];
    of(sessionId: string): Lane[];
    /** The first connection of the session. */
    first(sessionId: string): Lane;
    join(stream: Stream): void;
    /** The session has no requests left: whether the stream was moved to another one. */
    exhausted(_lane: Lane, _stream: Stream): boolean;
    /** A stream has left the lane. */
    freed(_lane: Lane): void;
    /** The lane does not reconnect; its streams have failed. */
    ended(_lane: Lane, _error: StreamingError): void;
    protected add(sessionId: string): Lane;
}
