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
    /** While something is pending: silence after which the client sends a heartbeat, and then treats the connection as lost. */
    silenceMs?: number;
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
}
/** A socket, replaced by another after a loss while anything is pending. */
export declare class Connection {
    #private;
    constructor(url: string, options: ConnectionOptions, owner: Owner);
    get state(): ConnectionState;
    /** Whether messages can be sent. False while its listeners learn that it has ended. */
    get ready(): boolean;
    /** Connects, if it is idle. */
    open(): void;
    send(message: ClientMessage): void;
    /** `connected` was received. */
    greeted(): void;
    /** The connection made progress: after a loss the delays start again with the first. */
    progressed(): void;
    /** Continue on another connection, because the received messages do not fit. */
    reconnect(why?: StreamingError): void;
    /** Closes for good. */
    close(): Promise<void>;
}
export declare function closed(): StreamingError;
