import { Connection, type Owner } from "./connection.js";
import type { ConnectionOptions } from "./connection-options.js";
import type { StreamingError } from "./errors.js";
import type { LiveStream } from "./live.js";
import type { ServerMessage } from "./protocol.js";
import type { Pool } from "./pool.js";
import { RequestQueue } from "./queue.js";
import { type Session } from "./session.js";
import type { Stream } from "./stream.js";
/** The owner of lanes. */
export interface LaneOwner {
    /** Whether the lane stays connected while nothing is pending. */
    stays(lane: Lane): boolean;
    /** The service has reported the session of the lane. */
    opened(lane: Lane): void;
    /** Something in it has changed. */
    changed(lane: Lane): void;
    /** A live stream begins without a request; `undefined` if it is not wanted. */
    begun(lane: Lane, streamId: string): LiveStream | undefined;
}
/** One connection of a session at a time, and the streams on it. It reconnects while streams or pings are pending. */
export declare class Lane implements Owner {
    #private;
    readonly sessionId: string;
    /** Where it belongs. */
    readonly pool: Pool;
    readonly connection: Connection;
    readonly queue: RequestQueue;
    /** The last reported session. */
    session: Session | undefined;
    /** Whether the session had a request left when the lane connected. */
    accepts: boolean;
    constructor(url: string | URL, sessionId: string, 
    /** Where it belongs. */
    pool: Pool, options: ConnectionOptions, owner: LaneOwner);
    join(stream: Stream): void;
    connect(signal?: AbortSignal): Promise<Session>;
    ping(signal?: AbortSignal): Promise<number>;
    get awaits(): boolean;
    get flows(): boolean;
    get admitted(): boolean;
    shed(): boolean;
    receive(message: ServerMessage): void;
    broken(error: StreamingError): void;
    ended(error: StreamingError): void;
    counted(): void;
    begun(streamId: string): LiveStream | undefined;
}
