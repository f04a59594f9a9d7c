import type { HtmlMode } from "./protocol.js";
import { Events } from "./events.js";
import type { Chunk, Completion, Listeners, StreamEvents, StreamStart, StreamState } from "./stream-options.js";
/** One requested stream, over any number of connections. Created by `client.stream()`. */
export declare class Stream extends Events<StreamEvents> implements AsyncIterable<Chunk> {
    #private;
    readonly requestId: string;
    /** The contents of `stream_start`, once it was received. */
    start?: StreamStart;
    /** Number of received chunks; the next one has this index. */
    received: number;
    /** Resolves at the end; rejects with the error. */
    readonly completed: Promise<Completion>;
    get state(): StreamState;
    get streamId(): string | undefined;
    get htmlMode(): HtmlMode;
    get traceId(): string | undefined;
    /** Calls these listeners from now on, first for what has arrived and is not read. */
    listen(listeners: Listeners): this;
    pause(): void;
    resume(): void;
    /** Requests the rest at once; this also ends a pause. */
    skip(): void;
    /** Connects now, if its connection waits for the next attempt. */
    retry(): void;
    cancel(): void;
    [Symbol.asyncIterator](): AsyncGenerator<Chunk, void>;
    /**
     * An iterator. Each one has all chunks from the first that is left, when it is first asked: a chunk is left until all
     * iterators have passed it. Leaving the last one ends the reading. An abort of `signal` throws its reason.
     */
    chunks({ signal }?: {
        signal?: AbortSignal;
    }): AsyncGenerator<Chunk, void>;
}
