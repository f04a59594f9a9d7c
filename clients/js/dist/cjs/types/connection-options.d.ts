import type { BackOffOptions } from "./backoff.js";
import type { StreamingError } from "./errors.js";
import type { ClientMessage, ServerMessage } from "./protocol.js";
import type { TokenOptions } from "./token.js";
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
