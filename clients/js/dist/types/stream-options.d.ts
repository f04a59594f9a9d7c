import type { Chunk as ChunkMessage, ChunkBy, ContentType, HtmlMode, Speed, StreamMetadata, TraceHeaders } from "./protocol.js";
import type { ProducerState } from "./live.js";
/** One chunk of the content. */
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
    /** Planned; fewer after a skip. */
    totalChunks: number;
    contentType: ContentType;
    /** Whether it can be recovered on another connection. */
    resumable: boolean;
    metadata: StreamMetadata;
}
export interface Completion {
    /** Number received. */
    totalChunks: number;
    cancelled: boolean;
    skipped: boolean;
    /** Measured by the service; absent for a cancelled stream. */
    durationMs?: number;
    bytes?: number;
}
/** What is called as a stream goes on. */
export interface Listeners {
    /** Receives the chunks instead of the iterator. */
    onChunk?: (chunk: Chunk) => void;
    onStart?: (start: StreamStart) => void;
    onState?: (state: StreamState) => void;
    onEnd?: (completion: Completion) => void;
    onError?: (error: unknown) => void;
}
/** The events of a stream, as `on` and `off` name them. */
export interface StreamEvents {
    chunk: [chunk: Chunk];
    start: [start: StreamStart];
    state: [state: StreamState];
    end: [completion: Completion];
    error: [error: unknown];
    /** Of a live stream. */
    producer: [state: ProducerState];
}
/** How a stream is read. */
export interface ReadOptions extends Listeners {
    /** Keeps all chunks, so that each iterator begins with the first one. */
    keep?: boolean;
    speed?: Speed;
    chunkBy?: ChunkBy;
    htmlMode?: HtmlMode;
    /** A label of up to 64 characters, unique in the session; random by default. */
    requestId?: string;
    /** Ends the reading; the stream then fails with the reason of the signal. */
    signal?: AbortSignal;
}
export interface StreamOptions extends ReadOptions {
    contentType?: ContentType;
    trace?: Trace;
}
