import type { Connection } from "./connection.js";
import { StreamingError } from "./errors.js";
import type { Chunk, ErrorMessage, StreamCancelled, StreamComplete, StreamContinued, StreamInterrupted, StreamLeft, StreamPaused, StreamRecovered, StreamResumed, StreamSkipped, StreamStalled, StreamStart } from "./protocol.js";
import type { Lane } from "./lane.js";
import { LiveStream } from "./live.js";
import type { Stream } from "./stream.js";
type ControlAnswer = StreamPaused | StreamResumed | StreamSkipped | StreamCancelled | StreamLeft;
type ProducerMessage = StreamStalled | StreamInterrupted | StreamContinued;
/** All unfinished streams of a connection, in the order of the service: the first is active, the others wait. */
export declare class RequestQueue {
    #private;
    /** The token of this connection; `undefined` if the service stores no content. */
    token: string | undefined;
    /** Whether the service evaluates reports. */
    reports: boolean;
    streams: Stream[];
    constructor(connection: Connection, lane: Lane);
    get empty(): boolean;
    /** The stream with this request id. */
    find(requestId: string | undefined): Stream | undefined;
    /** The live stream with this id. */
    findLive(streamId: string | undefined): LiveStream | undefined;
    join(stream: Stream): void;
    /** A connection is open. */
    begin(): void;
    /** The connection is lost. */
    broken(): void;
    /** No further connection is opened. */
    end(error: StreamingError): void;
    /** Sends the controls that the user requested for the first stream. */
    readonly sendControls: () => void;
    leave(stream: Stream): void;
    started(message: StreamStart): void;
    /** The service reports on the producer of a live stream. */
    reported({ type, stream_id }: ProducerMessage): void;
    recovered({ stream_id, recovered, reason, paused }: StreamRecovered): void;
    take({ type: _, ...chunk }: Chunk): void;
    complete(message: StreamComplete): void;
    failed(message: ErrorMessage): void;
    answered(answer: ControlAnswer): void;
}
export {};
