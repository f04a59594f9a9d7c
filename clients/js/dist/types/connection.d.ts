import { type BackOffOptions } from "./backoff.js";
import { StreamingError } from "./errors.js";
import { type ClientMessage, type ServerMessage } from "./protocol.js";
/** `idle`: not connected, as there is nothing to be had; `waiting`: between two attempts to connect. */
export type ConnectionState = "idle" | "connecting" | "open" | "waiting" | "closed";
/** What is needed of a WebSocket: the browsers' is one, and so is that of `ws`. */
export interface Socket {
    readonly readyState: number;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send(text: string): void;
    close(code?: number): void;
}
export interface ConnectionOptions {
    /** Where there is no global one. */
    WebSocket?: new (url: string) => Socket;
    backOff?: BackOffOptions;
    /** While something is awaited: how long nothing may come before the client asks, and then takes it for broken. */
    silenceMs?: number;
    onState?: (state: ConnectionState, error?: StreamingError) => void;
    /** Sees every message, for a log. */
    onMessage?: (direction: "in" | "out", message: ServerMessage | ClientMessage) => void;
}
/** Who has a connection. */
export interface Owner {
    receive(message: ServerMessage): void;
    /** What was sent and not answered may be lost; it may come back. */
    broken(error: StreamingError): void;
    /** It does not come back. */
    ended(error: StreamingError): void;
    /** Whether anything is awaited. */
    readonly awaits: boolean;
}
/** The socket, and after it another, for as long as there is something to go on with. */
export declare class Connection {
    #private;
    constructor(url: string, options: ConnectionOptions, owner: Owner);
    get state(): ConnectionState;
    /** Whether messages can be sent. Not so while it tells that it has ended. */
    get ready(): boolean;
    /** Connects, unless it does so already. */
    open(): void;
    send(message: ClientMessage): void;
    /** The service has greeted. */
    greeted(): void;
    /** Something came of it: should it break, the waits begin anew. */
    gained(): void;
    /** What comes cannot be gone on with here, but on another connection. */
    breakOff(why?: StreamingError): void;
    /** Leaves for good. */
    close(): Promise<void>;
}
export declare function closed(): StreamingError;
