import { StreamingError, type LossReason } from "./errors.js";
import { randomId } from "./ids.js";
import type {
  ChunkBy,
  ClientMessage,
  ContentType,
  ControlAction,
  HtmlMode,
  Chunk as ChunkMessage,
  Speed,
  StreamComplete,
  StreamMetadata,
  StreamRequest,
  StreamStart as StreamStartMessage,
  TraceHeaders,
} from "./protocol.js";
import { tell } from "./tell.js";

/** One piece of the content. */
export type Chunk = Omit<ChunkMessage, "type">;

/** A W3C trace context: https://www.w3.org/TR/trace-context/ */
export type Trace = TraceHeaders & { traceparent: string };

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
export class Stream implements AsyncIterable<Chunk> {
  readonly requestId: string;
  /** What it turned out to be, once its turn has come. */
  start?: StreamStart;
  /** How many chunks have come; the next has this index. */
  received = 0;
  /** How it ends; rejects with what went wrong. */
  readonly completed: Promise<Completion>;

  /** @internal What the user wants, and what the service was told of it on this connection. */
  readonly wanted = { paused: false, skip: false, cancel: false };
  /** @internal */
  told: { paused?: boolean; skip?: boolean; cancel?: boolean } = {};
  /** @internal The token that opens it to another connection. */
  token: string | undefined;
  /** @internal Whether it was asked for on a connection that broke, so that the service may have counted it before. */
  repeated = false;
  /** @internal Whether the service has said that it is paused. */
  held = false;
  /** @internal Whether the service is still to answer the wish to recover it. */
  recovering = false;

  /** Of the connection that it was first asked for on: it makes a request that comes again the same. */
  #firstToken: string | undefined;
  #asked = false;
  readonly #request: StreamRequest;
  readonly #options: StreamOptions;
  readonly #steer: () => void;
  readonly #chunks: Chunk[] = [];
  #state: StreamState = "waiting";
  #error: unknown;
  #wake: (() => void) | undefined;
  #settle!: { resolve: (completion: Completion) => void; reject: (error: unknown) => void };

  /** @internal */
  constructor(content: string, options: StreamOptions, steer: () => void) {
    const { contentType, speed, chunkBy, htmlMode, trace, signal } = options;
    this.requestId = options.requestId ?? randomId();
    this.#options = options;
    this.#steer = steer;
    this.#request = {
      type: "stream_request",
      content,
      request_id: this.requestId,
      ...(contentType && { content_type: contentType }),
      ...(speed && { speed }),
      ...(chunkBy && { chunk_by: chunkBy }),
      ...(htmlMode && { html_mode: htmlMode }),
      ...(trace && { trace }),
    };
    this.completed = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    const abort = (): void => {
      this.#chunks.length = 0;
      this.#want("cancel");
      this.fail(signal!.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    const over = (): void => signal?.removeEventListener("abort", abort);
    this.completed.then(over, over); // so nobody has to listen to it
  }

  get state(): StreamState {
    return this.#state;
  }

  get streamId(): string | undefined {
    return this.start?.streamId;
  }

  get traceId(): string | undefined {
    return this.start?.traceId;
  }

  // What the user may want. Each is remembered until the service can be told.

  pause(): void {
    this.wanted.paused = true;
    this.#steer();
  }

  resume(): void {
    this.wanted.paused = false;
    this.#steer();
  }

  /** Have what is left at once; this ends a pause, too. */
  skip(): void {
    this.wanted.paused = false;
    this.#want("skip");
  }

  cancel(): void {
    this.#want("cancel");
    if (this.#state === "waiting" || this.#state === "broken") this.cancelled();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void> {
    if (this.#options.onChunk) throw new TypeError("The chunks of this stream go to its onChunk.");
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) yield chunk;
        else if (this.#state === "failed") throw this.#error;
        else if (this.over) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (!this.over) this.cancel();
    }
  }

  // What the client does with it.

  /** @internal Whether the user has its end. It may still stand in the service's line, if it was cancelled. */
  get over(): boolean {
    return this.#state === "complete" || this.#state === "cancelled" || this.#state === "failed";
  }

  /** @internal How to ask for it on a connection with this token, the first time or again; `undefined`: in vain. */
  ask(token: string | undefined): ClientMessage | undefined {
    const again = this.repeated = this.#asked;
    this.#asked = true;
    this.held = false;
    // A request that comes again may find its stream paused or not: it must be told, either way.
    this.told = again ? {} : { paused: false };
    if (this.start) {
      const { streamId, resumable } = this.start;
      if (!resumable || !this.token) return undefined;
      this.recovering = true;
      return { type: "recover", stream_id: streamId, last_index: this.received - 1, token: this.token };
    }
    if (!again) this.#firstToken = token;
    return again && this.#firstToken ? { ...this.#request, token: this.#firstToken } : this.#request;
  }

  /**
   * @internal What to tell the service next. Its controls name no stream: they act on the first in its line, which may
   * have ended while the control was under way. So if others wait behind this one, a skip or a cancel goes out only
   * once a pause holds, as a stream does not end in a pause; a pause that meets another can be taken back.
   */
  next(alone: boolean): ControlAction | undefined {
    const { wanted, told } = this;
    if (told.cancel || this.recovering) return undefined;
    const last = wanted.cancel ? "cancel" : wanted.skip && !told.skip ? "skip" : undefined;
    if (last && (alone || (this.held && this.start))) {
      told[last] = true;
      told.paused = this.held = false;
      return last;
    }
    const pause = last !== undefined || wanted.paused;
    if (pause === told.paused) return undefined;
    told.paused = pause;
    if (!pause) this.held = false;
    return pause ? "pause" : "resume";
  }

  /** @internal */
  started(message: StreamStartMessage): void {
    this.start = {
      streamId: message.stream_id,
      requestId: this.requestId,
      traceId: message.trace_id,
      totalChunks: message.total_chunks,
      contentType: message.content_type,
      resumable: message.resumable,
      metadata: message.metadata,
    };
    if (this.over) return;
    this.enter(this.held && this.wanted.paused ? "paused" : "streaming");
    tell(this.#options.onStart, this.start);
  }

  /** @internal */
  take(chunk: Chunk): void {
    this.received++;
    if (this.over) return;
    if (this.#options.onChunk) return tell(this.#options.onChunk, chunk);
    this.#chunks.push(chunk);
    this.#notify();
  }

  /** @internal */
  complete({ total_chunks, metadata }: StreamComplete): void {
    const { duration_ms, bytes, skipped } = metadata;
    this.#end({ totalChunks: total_chunks, cancelled: false, skipped, durationMs: duration_ms, bytes });
  }

  /** @internal */
  cancelled(): void {
    this.#end({ totalChunks: this.received, cancelled: true, skipped: this.wanted.skip });
  }

  /** @internal */
  fail(error: unknown): void {
    if (this.over) return;
    this.#error = error;
    this.enter("failed");
    this.#settle.reject(error);
    tell(this.#options.onError, error);
    this.#notify();
  }

  /** @internal What is said of a stream that does not go on. */
  loss(reason: LossReason): StreamingError {
    const { streamId, requestId } = this;
    const message = `The stream broke off after ${this.received} chunks and cannot go on (${reason}). Ask for it anew.`;
    return new StreamingError("NOT_RECOVERABLE", message, { retryable: true, streamId, requestId, reason });
  }

  /** @internal */
  lost(reason: LossReason): void {
    this.fail(this.loss(reason));
  }

  /** @internal */
  enter(state: StreamState): void {
    if (this.over || this.#state === state) return;
    this.#state = state;
    tell(this.#options.onState, state);
  }

  #want(wish: "skip" | "cancel"): void {
    this.wanted[wish] = true;
    this.#steer();
  }

  #end(completion: Completion): void {
    if (this.over) return;
    this.enter(completion.cancelled ? "cancelled" : "complete");
    this.#settle.resolve(completion);
    tell(this.#options.onEnd, completion);
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
