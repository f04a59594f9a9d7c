import { type ConnectionOptions, type ConnectionState } from "./connection.js";
import type { SessionLimits } from "./protocol.js";
import { Stream, type StreamOptions } from "./stream.js";
/** What the service has said of the session. */
export interface Session {
    sessionId: string;
    version: string;
    limits: SessionLimits;
    /** As the service said last, less what this client has asked for since. */
    requestsLeft: number;
    expiresAt: Date;
    /** Whether streams are stored, so that they can survive the end of a connection. */
    resumable: boolean;
}
export interface ClientOptions extends ConnectionOptions {
    /** 1 to 64 of `A-Z a-z 0-9 _ - . :`; else a random one. */
    sessionId?: string;
    onSession?: (session: Session) => void;
}
/** One connection at a time to one session; it comes back by itself for as long as there is something to go on with. */
export declare class StreamingClient {
    #private;
    readonly sessionId: string;
    /** What the service has said last; `undefined` before the first connection. */
    session?: Session;
    /** `url` is the service's, be it with http or ws; on a page it may be left out for the page's own origin. */
    constructor(url?: string | URL, options?: ClientOptions);
    get state(): ConnectionState;
    /** Connects now; else the first request does. Rejects once it gives up. */
    connect(): Promise<Session>;
    /** Asks for a stream, at once or as soon as there is a connection. Any number may wait. */
    stream(content: string, options?: StreamOptions): Stream;
    /** The round-trip time in milliseconds. */
    ping(): Promise<number>;
    /** Leaves for good. What is not over fails with `CLIENT_CLOSED`. */
    close(): Promise<void>;
}
