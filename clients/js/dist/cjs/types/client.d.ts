import { type ConnectionOptions, type ConnectionState } from "./connection.js";
import type { SessionLimits } from "./protocol.js";
import { LiveStream, type WatchOptions } from "./live.js";
import { Stream, type StreamOptions } from "./stream.js";
/** The session, as reported by the service. */
export interface Session {
    sessionId: string;
    version: string;
    limits: SessionLimits;
    /** The last reported value, minus the requests of this client since. */
    requestsLeft: number;
    expiresAt: Date;
    /** Whether streams are stored and can be recovered on another connection. */
    resumable: boolean;
    /** When the token of the user ends; `undefined` if it does not, and without authentication. */
    tokenExpiresAt?: Date | undefined;
}
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
}
/** A client of one session, with one connection at a time; it reconnects while streams or pings are pending. */
export declare class StreamingClient {
    #private;
    readonly sessionId: string;
    /** The last reported session; `undefined` before the first connection. */
    session?: Session;
    /** `url` is the address of the service (http or ws); on a page it defaults to the origin of the page. */
    constructor(url?: string | URL, options?: ClientOptions);
    get state(): ConnectionState;
    /** Connects now instead of at the first request. Rejects after the last attempt. */
    connect(): Promise<Session>;
    /** Requests a stream, as soon as there is a connection. Any number may wait. */
    stream(content: string, options?: StreamOptions): Stream;
    /**
     * Reads a live stream of the session, also after its end. After a reload, or in another place, pass the `settled` of
     * the content that was kept; without it everything is sent again, in one chunk as far as it is settled.
     */
    watch(streamId: string, options?: WatchOptions): LiveStream;
    /** The round-trip time in milliseconds. */
    ping(): Promise<number>;
    /** Closes the client. Pending streams fail with `CLIENT_CLOSED`. */
    close(): Promise<void>;
}
