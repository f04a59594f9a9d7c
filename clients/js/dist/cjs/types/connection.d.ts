import { type BackOffOptions } from "./backoff.js";
import { StreamingError } from "./errors.js";
import { type ClientMessage, type ServerMessage } from "./protocol.js";
import { type TokenOptions } from "./token.js";
/** `idle`: not connected, because nothing is pending; `waiting`: between two attempts to connect. */
export type ConnectionState = "idle" | "connecting" | "open" | "waiting" | "closed";
/** The part of a WebSocket that the client uses; browsers' and that of `ws` have it. */
export interface Socket {
    readonly readyState: number;
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send(text: string): void;
    close(code?: number): void;
    /** That of `ws`, which reports the response that refused a handshake. */
    on?(event: string, listener: (request: any, response: any) => void): unknown;
}
export interface ConnectionOptions extends TokenOptions {
    /** The constructor, where there is no global one. */
    WebSocket?: new (url: string, protocols?: string[]) => Socket;
    backOff?: BackOffOptions;
    /**
     * While something is pending: silence after which the client sends a heartbeat, and then treats the connection as lost.
     * By default it is lost after 8 s in a running stream, and after 20 s else.
     */
    silenceMs?: number;
    /** Whether to ask the service over HTTP why the first handshake failed. On by default. */
    probe?: boolean;
    onState?: (state: ConnectionState, error?: StreamingError) => void;
    /** Called for every message, for a log; the token of the user is not in it. */
    onMessage?: (direction: "in" | "out", message: ServerMessage | ClientMessage) => void;
}
/** The owner of a connection. */
export interface Owner {
    receive(message: ServerMessage): void;
    /** The connection is lost, with what was not answered; it may reconnect. */
    broken(error: StreamingError): void;
    /** It does not reconnect. */
    ended(error: StreamingError): void;
    /** Whether anything is pending. */
    readonly awaits: boolean;
    /** Whether messages follow one another: a stream runs. */
    readonly flows: boolean;
    /** A frame was too large: whether the request that it may have been has failed, so that the others can go on. */
    shed(): boolean;
}
/** A socket, replaced by another after a loss while anything is pending. */
export declare class Connection {
    #private;
    /** When the next attempt begins, between two attempts. */
    retryAt: Date | undefined;
    constructor(url: string | URL, sessionId: string, options: ConnectionOptions, owner: Owner);
    get state(): ConnectionState;
    /** Whether messages can be sent. False while its listeners learn that it has ended. */
    get ready(): boolean;
    /** Connects, if it is idle. */
    open(): void;
    /** Connects now, if it waits for the next attempt. A refusal is forgotten. */
    retry(): void;
    send(message: ClientMessage): void;
    /** `connected` was received. `resumeSeconds`: how long streams can be recovered after a loss, from a service that states it. */
    greeted(resumeSeconds?: number): void;
    /** The connection made progress: after a loss the delays start again with the first. */
    progressed(): void;
    /** Continue on another connection, because the received messages do not fit. */
    reconnect(why?: StreamingError): void;
    /** Closes for good. */
    close(): Promise<void>;
}
export declare function closed(): StreamingError;
