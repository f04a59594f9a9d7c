import type { Connection } from "./connection.js";
import { StreamingError } from "./errors.js";
import type { Chunk, ErrorMessage, StreamCancelled, StreamComplete, StreamPaused, StreamRecovered, StreamResumed, StreamSkipped, StreamStart } from "./protocol.js";
import type { Stream } from "./stream.js";
type ControlAnswer = (StreamPaused | StreamResumed | StreamSkipped | StreamCancelled)["type"];
/** All streams that are not over, in the service's order: the first runs, the others wait. */
export declare class Line {
    #private;
    /** Of this connection; `undefined` if the service stores nothing. */
    token: string | undefined;
    constructor(connection: Connection, onCounted: () => void);
    get empty(): boolean;
    /** The stream that was asked for with this id. */
    find(requestId: string | undefined): Stream | undefined;
    join(stream: Stream): void;
    /** There is a connection. */
    begin(): void;
    /** There is none any more. */
    broken(): void;
    /** There will be none. */
    end(error: StreamingError): void;
    /** Tells the service what the user wants of the first in its line. */
    readonly steer: () => void;
    started(message: StreamStart): void;
    recovered({ stream_id, recovered, reason, paused }: StreamRecovered): void;
    take({ data, index, timestamp, close }: Chunk): void;
    complete(message: StreamComplete): void;
    failed(message: ErrorMessage): void;
    answered(type: ControlAnswer): void;
}
export {};
