import type { Connection } from "./connection.js";
import { StreamingError } from "./errors.js";
import type { ServerMessage, Chunk, ErrorMessage, StreamComplete, StreamRecovered, StreamStart } from "./protocol.js";
import type { Lane } from "./lane.js";
import { LiveStream } from "./live.js";
import type { Stream } from "./stream.js";
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
    /** Whether messages follow one another, until the first stream ends. */
    get flows(): boolean;
    /** The stream with this request id. */
    find(requestId: string | undefined): Stream | undefined;
    /** The live stream with this id. */
    findLive(streamId: string | undefined): LiveStream | undefined;
    join(stream: Stream): void;
    /** A connection is open. */
    begin(): void;
    /** The connection is lost. */
    broken(): void;
    /** The frame of a request was too large, perhaps for a proxy: the largest without an answer fails. */
    shed(): boolean;
    /** No further connection is opened. */
    end(error: StreamingError): void;
    /** Sends the controls that the user requested for the first stream. */
    readonly sendControls: () => void;
    leave(stream: Stream): void;
    started(message: StreamStart): void;
    /** Answers to controls, and what is known of producers; any other message has no meaning. */
    other(message: ServerMessage): void;
    recovered({ stream_id, recovered, reason, paused }: StreamRecovered): void;
    take({ type: _, ...chunk }: Chunk): void;
    complete(message: StreamComplete): void;
    failed(message: ErrorMessage): void;
}
