import { StreamingError, type LossReason } from "./errors.js";
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
  Watch,
} from "./protocol.js";
import { notify } from "./notify.js";
import type { Report } from "./report.js";

/** One chunk of the content. */
export type Chunk = Omit<ChunkMessage, "type">;

/** A W3C trace context: https://www.w3.org/TR/trace-context/ */
export type Trace = TraceHeaders & { traceparent: string };

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

/** How a stream is read. */
export interface ReadOptions extends Listeners {
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

/** One requested stream, over any number of connections. Created by `client.stream()`. */
export class Stream implements AsyncIterable<Chunk> {
  readonly requestId: string;
  /** The contents of `stream_start`, once it was received. */
  start?: StreamStart;
  /** Number of received chunks; the next one has this index. */
  received = 0;
  /** Resolves at the end; rejects with the error. */
  readonly completed: Promise<Completion>;

  /** @internal The controls that the user requested, and those sent on this connection. */
  readonly wanted = { paused: false, skip: false, cancel: false, leave: false };
  /** @internal */
  sent: { paused?: boolean; skip?: boolean; cancel?: boolean; leave?: boolean } = {};
  /** @internal The token for recovery on another connection. */
  token: string | undefined;
  /** @internal Whether it was requested on an earlier connection, where the service may have counted it. */
  repeated = false;
  /** @internal Whether the service confirmed the pause. */
  held = false;
  /** @internal Whether the answer to `recover` is pending. */
  recovering = false;
  /** @internal What it measures, if the client reports. */
  report: Report | undefined;

  /** Token of the connection of the first request, which identifies a repetition. */
  #firstToken: string | undefined;
  #asked = false;
  readonly #request: StreamRequest | Watch;
  #options: ReadOptions;
  readonly #sendControls: () => void;
  readonly #chunks: Chunk[] = [];
  #state: StreamState = "waiting";
  #error: unknown;
  #wake: (() => void) | undefined;
  #settle!: { resolve: (completion: Completion) => void; reject: (error: unknown) => void };

  /** @internal */
  constructor(request: StreamRequest | Watch, options: ReadOptions & { requestId: string }, sendControls: () => void) {
    const { signal } = options;
    this.requestId = options.requestId;
    this.#options = options;
    this.#sendControls = sendControls;
    this.#request = request;
    this.completed = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    const abort = (): void => {
      this.#chunks.length = 0;
      this.abandon();
      this.fail(signal!.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    const over = (): void => signal?.removeEventListener("abort", abort);
    this.completed.then(over, over); // marks a rejection as handled
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

  /** Calls these listeners from now on, first for what has arrived and is not read. */
  listen(listeners: Listeners): this {
    this.#options = { ...this.#options, ...listeners };
    if (this.start) notify(listeners.onStart, this.start);
    if (listeners.onChunk) for (const chunk of this.#chunks.splice(0)) notify(listeners.onChunk, chunk);
    return this;
  }

  // Controls of the user. Each is kept until it can be sent.

  pause(): void {
    this.wanted.paused = true;
    this.#sendControls();
  }

  resume(): void {
    this.wanted.paused = false;
    this.#sendControls();
  }

  /** Requests the rest at once; this also ends a pause. */
  skip(): void {
    this.wanted.paused = false;
    this.want("skip");
  }

  cancel(): void {
    this.want("cancel");
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
      if (!this.over) this.abandon();
    }
  }

  // Called by the client.

  /** @internal Whether it has ended for the user. A cancelled stream may still be in the queue of the service. */
  get over(): boolean {
    return this.#state === "complete" || this.#state === "cancelled" || this.#state === "failed";
  }

  /** @internal The message that requests or recovers it on a connection with this token; `undefined` if impossible. */
  ask(token: string | undefined): ClientMessage | undefined {
    const again = this.repeated = this.#asked;
    this.#asked = true;
    this.held = false;
    // The state of a pause is unknown after a repeated request, so it is always sent.
    this.sent = again ? {} : { paused: false };
    if (this.start) {
      const { streamId, resumable } = this.start;
      if (!resumable || !this.token) return undefined;
      this.recovering = true;
      return { type: "recover", stream_id: streamId, last_index: this.received - 1, token: this.token };
    }
    if (!again) this.#firstToken = token;
    return again && this.#firstToken && this.#request.type === "stream_request" ? { ...this.#request, token: this.#firstToken } : this.#request;
  }

  /**
   * @internal The next control to send. Controls carry no stream id: they act on the first stream in the queue of the
   * service, which may have ended. If other streams wait, a skip or cancel is therefore sent only
   * after a confirmed pause, because a stream does not end in a pause; a pause of the wrong stream can be undone.
   */
  next(alone: boolean): ControlAction | undefined {
    const { wanted, sent } = this;
    if (sent.cancel || sent.leave || this.recovering) return undefined;
    const last = wanted.cancel ? "cancel" : wanted.leave ? "leave" : wanted.skip && !sent.skip ? "skip" : undefined;
    if (last && (alone || (this.held && this.start))) {
      sent[last] = true;
      sent.paused = this.held = false;
      return last;
    }
    const pause = last !== undefined || wanted.paused;
    if (pause === sent.paused) return undefined;
    sent.paused = pause;
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
    if (this.over) {
      this.report = undefined; // it was cancelled while it waited, so no reader waited for it
      return;
    }
    this.enter(this.held && this.wanted.paused ? "paused" : "streaming");
    notify(this.#options.onStart, this.start);
  }

  /** @internal */
  take(chunk: Chunk): void {
    this.received++;
    this.report?.take();
    if (this.over) return;
    if (this.#options.onChunk) return notify(this.#options.onChunk, chunk);
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
    notify(this.#options.onError, error);
    this.#notify();
  }

  /** @internal The error of a stream that cannot be recovered. */
  loss(reason: LossReason): StreamingError {
    const { streamId, requestId } = this;
    const message = `The stream was interrupted after ${this.received} chunks and cannot be recovered (${reason}). Request it again.`;
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
    if (this.report && state === "broken") this.report.breaks++;
    if (state === "paused") this.report?.pause();
    if (state === "streaming") this.report?.wait();
    notify(this.#options.onState, state);
  }

  /** @internal Its reader has stopped to read. */
  abandon(): void {
    this.cancel();
  }

  /** @internal */
  want(wanted: "skip" | "cancel" | "leave"): void {
    this.wanted[wanted] = true;
    this.#sendControls();
  }

  #end(completion: Completion): void {
    if (this.over) return;
    this.enter(completion.cancelled ? "cancelled" : "complete");
    this.#settle.resolve(completion);
    notify(this.#options.onEnd, completion);
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
