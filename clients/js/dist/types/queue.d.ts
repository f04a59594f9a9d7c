import type { Connection } from "./connection.js";
import { StreamingError } from "./errors.js";
import type { Chunk, ErrorMessage, StreamCancelled, StreamComplete, StreamPaused, StreamRecovered, StreamResumed, StreamSkipped, StreamStart } from "./protocol.js";
import type { Stream } from "./stream.js";
type ControlAnswer = (StreamPaused | StreamResumed | StreamSkipped | StreamCancelled)["type"];
/** All unfinished streams, in the order of the service: the first is active, the others wait. */
export declare class RequestQueue {
    #private;
    /** The token of this connection; `undefined` if the service stores no content. */
    token: string | undefined;
    /** Whether the service evaluates reports. */
    reports: boolean;
    constructor(connection: Connection, onCounted: () => void);
    get empty(): boolean;
    /** The stream with this request id. */
    find(requestId: string | undefined): Stream | undefined;
    join(stream: Stream): void;
    /** A connection is open. */
    begin(): void;
    /** The connection is lost. */
    broken(): void;
    /** No further connection is opened. */
    end(error: StreamingError): void;
    /** Sends the controls that the user requested for the first stream. */
    readonly sendControls: () => void;
    started(message: StreamStart): void;
    recovered({ stream_id, recovered, reason, paused }: StreamRecovered): void;
    take({ data, index, timestamp, close }: Chunk): void;
    complete(message: StreamComplete): void;
    failed(message: ErrorMessage): void;
    answered(type: ControlAnswer): void;
}
export {};
