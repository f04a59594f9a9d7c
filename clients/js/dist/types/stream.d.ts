import type { ChunkBy, ContentType, HtmlMode, Chunk as ChunkMessage, Speed, StreamMetadata, TraceHeaders } from "./protocol.js";
/** One piece of the content. */
export type Chunk = Omit<ChunkMessage, "type">;
/** A W3C trace context: https://www.w3.org/TR/trace-context/ */
export type Trace = TraceHeaders & {
    traceparent: string;
};
export type StreamState = "waiting" | "streaming" | "paused" | "broken" | "complete" | "cancelled" | "failed";
export interface StreamStart {
    streamId: string;
    requestId: string;
    traceId: string;
    /** Planned; a skip makes it fewer. */
    totalChunks: number;
    contentType: ContentType;
    /** Whether it survives the end of its connection. */
    resumable: boolean;
    metadata: StreamMetadata;
}
export interface Completion {
    /** Received. */
    totalChunks: number;
    cancelled: boolean;
    skipped: boolean;
    /** As the service measured it; not known of what was cancelled. */
    durationMs?: number;
    bytes?: number;
}
export interface StreamOptions {
    contentType?: ContentType;
    speed?: Speed;
    chunkBy?: ChunkBy;
    htmlMode?: HtmlMode;
    /** A label of up to 64 characters, used for one request of a session; else a random one. */
    requestId?: string;
    trace?: Trace;
    /** Cancels; the stream then ends with the signal's reason. */
    signal?: AbortSignal;
    /** If given, chunks go here and not to the iterator. */
    onChunk?: (chunk: Chunk) => void;
    onStart?: (start: StreamStart) => void;
    onState?: (state: StreamState) => void;
    onEnd?: (completion: Completion) => void;
    onError?: (error: unknown) => void;
}
/** One request and all that comes of it, over however many connections. Made by `client.stream()`. */
export declare class Stream implements AsyncIterable<Chunk> {
    #private;
    readonly requestId: string;
    /** What it turned out to be, once its turn has come. */
    start?: StreamStart;
    /** How many chunks have come; the next has this index. */
    received: number;
    /** How it ends; rejects with what went wrong. */
    readonly completed: Promise<Completion>;
    get state(): StreamState;
    get streamId(): string | undefined;
    get traceId(): string | undefined;
    pause(): void;
    resume(): void;
    /** Have what is left at once; this ends a pause, too. */
    skip(): void;
    cancel(): void;
    [Symbol.asyncIterator](): AsyncGenerator<Chunk, void>;
}
