import type { ConnectionOptions, ConnectionState } from "./connection-options.js";
import { StreamingError } from "./errors.js";
import { Events } from "./events.js";
import { LiveStream, type WatchOptions } from "./live.js";
import { type Pooling } from "./pool.js";
import type { ClientMessage, ServerMessage } from "./protocol.js";
import type { Session } from "./session.js";
import { Stream } from "./stream.js";
import type { StreamOptions } from "./stream-options.js";
export interface ClientOptions extends ConnectionOptions {
    /** 1 to 64 of `A-Z a-z 0-9 _ - . :`; random by default. */
    sessionId?: string;
    /** Whether to report to the service how long its reader waited, at the end of each stream. Off by default. */
    report?: boolean;
    onSession?: (session: Session) => void;
    /** How live streams are read that another program writes into the session; see `onLive`. */
    live?: Pick<WatchOptions, "htmlMode" | "chunkBy" | "speed">;
    /** Called with each live stream that begins in the session. Without it they are not read. */
    onLive?: (stream: LiveStream) => void;
    /** Whether to stay connected while nothing is pending, also after a loss; by default with `onLive`. */
    stay?: boolean;
    /** How streams are distributed to connections: `parallel()` runs several at a time. By default one after the other. */
    pool?: Pooling;
}
/** The events of a client, as `on` and `off` name them. */
export interface ClientEvents {
    state: [state: ConnectionState, error?: StreamingError];
    session: [session: Session];
    message: [direction: "in" | "out", message: ServerMessage | ClientMessage];
    /** A live stream begins in the session; with a listener it is read. */
    live: [stream: LiveStream];
    /** A stream of any kind was requested or begins. */
    stream: [stream: Stream];
}
/** A client of one session; it reconnects while streams or pings are pending. */
export declare class StreamingClient extends Events<ClientEvents> {
    #private;
    /** It changes only by `recover`, to the saved one, before the first connection of a client that was given none. */
    sessionId: string;
    /** The last reported session, that of new requests; `undefined` before the first connection. */
    session?: Session;
    /** `url` is the address of the service (http or ws); on a page it defaults to the origin of the page. */
    constructor(url?: string | URL, options?: ClientOptions);
    get state(): ConnectionState;
    /** When the next attempt to connect begins, in the state `waiting`; `undefined` while the page is left. */
    get retryAt(): Date | undefined;
    /** The streams that have not ended. */
    get streams(): readonly Stream[];
    /** Connects now instead of at the first request. Rejects after the last attempt, and with the reason of `signal`. */
    connect({ signal }?: {
        signal?: AbortSignal;
    }): Promise<Session>;
    /** Connects now, in the state `waiting`, instead of at `retryAt`; after a refusal requests connect again. */
    retry(): void;
    /** Requests a stream, as soon as there is a connection. Any number may wait. */
    stream(content: string, options?: StreamOptions): Stream;
    /**
     * Reads a live stream of the session, also after its end. After a reload, or in another place, pass the `settled` of
     * the content that was kept; without it everything is sent again, in one chunk as far as it is settled.
     */
    watch(streamId: string, options?: WatchOptions): LiveStream;
    /** The round-trip time in milliseconds. */
    ping({ signal }?: {
        signal?: AbortSignal;
    }): Promise<number>;
    /** Closes the client. Pending streams fail with `CLIENT_CLOSED`. */
    close(): Promise<void>;
}
