import type { StreamingClient } from "./client.js";
import type { Renderer, RenderMode } from "./dom.js";
import type { ProducerState, WatchOptions } from "./live.js";
import type { Stream } from "./stream.js";
import type { Completion, StreamOptions, StreamStart, StreamState } from "./stream-options.js";
/**
 * Content that is requested; the id of a live stream; a stream that the application has, such as that of `onLive`; or
 * nothing.
 */
export type Source = string | {
    watch: string;
} | Stream | null | undefined;
export interface ReadingOptions<Target> extends Omit<StreamOptions & WatchOptions, "onChunk" | "requestId"> {
    /** Shows what arrives: `domRenderer`, `tiptapRenderer` or another. */
    render?: (target: Target, mode: RenderMode) => Renderer;
    /**
     * Names the stream among those of the client, in up to 40 characters: an unfinished one with this name, such as one that
     * `persist` has recovered, is read instead of another request.
     */
    id?: string;
    /** Nothing is requested before it is settled: that of `persist`. */
    after?: Promise<unknown>;
    target?: unknown;
}
/** A stream as a component shows it. */
export interface Reading {
    /** `idle` without a source, on a server, and before the component is mounted. */
    state: "idle" | StreamState;
    /** Number of received chunks, up to date within 100 ms and at each change of the state. */
    received: number;
    /** What has arrived so far, complete at every moment. It is HTML if the content is HTML or Markdown. */
    content: string;
    start: StreamStart | undefined;
    completion: Completion | undefined;
    error: unknown;
    /** Of a live stream. */
    producer: ProducerState | undefined;
}
/** What a user does to the stream. */
export interface Controls {
    pause(): void;
    resume(): void;
    skip(): void;
    /** Ends a live stream for all who read it. */
    cancel(): void;
    /** Requests a stream that has ended once more, and connects at once if the connection is lost. */
    retry(): void;
}
export interface Reader<Target> {
    readonly controls: Controls;
    /** Reads the source from the next microtask on. Returns a function that cancels the stream, or leaves a live one. */
    read(client: StreamingClient, source: Source, options: ReadingOptions<Target>): () => void;
    /** The place where the content is shown from now on, also what has arrived; without one it stays where it is. */
    show(place: Target | null | undefined): void;
}
export declare const IDLE: Reading;
/** Reads one stream after another. */
export declare function createReader<Target>(changed: (reading: Reading) => void): Reader<Target>;
