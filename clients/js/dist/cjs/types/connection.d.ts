import type { ConnectionOptions, ConnectionState } from "./connection-options.js";
import { StreamingError } from "./errors.js";
import { type ClientMessage, type ServerMessage } from "./protocol.js";
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
    /** Whether the service has admitted the session, perhaps on another connection. */
    readonly admitted: boolean;
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
