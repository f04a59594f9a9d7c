import { StreamingError, type LossReason } from "./errors.js";
import type {
  ClientMessage,
  ControlAction,
  HtmlMode,
  StreamComplete,
  StreamRequest,
  StreamStart as StreamStartMessage,
  Watch,
} from "./protocol.js";
import { Events } from "./events.js";
import { notify } from "./notify.js";
import type { Report } from "./report.js";
import type { Chunk, Completion, Listeners, ReadOptions, StreamEvents, StreamStart, StreamState } from "./stream-options.js";

/** One requested stream, over any number of connections. Created by `client.stream()`. */
export class Stream extends Events<StreamEvents> implements AsyncIterable<Chunk> {
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
  /** @internal The token of the connection of the first request, which identifies a repetition. */
  firstToken: string | undefined;
  /** @internal */
  readonly request: StreamRequest | Watch;
  /** @internal Whether it was requested. */
  asked = false;
  /** @internal Whether it was requested on an earlier connection, where the service may have counted it. */
  repeated = false;
  /** @internal Whether the service confirmed the pause. */
  held = false;
  /** @internal Whether the answer to `recover` is pending. */
  recovering = false;
  /** @internal What it measures, if the client reports. */
  report: Report | undefined;
  /** @internal Connects now, once it has joined a connection. */
  reconnect: (() => void) | undefined;
  /** @internal Sends what was wanted, once it has joined a connection. */
  sendControls: (() => void) | undefined;
  /** @internal The session that it belongs to. */
  sessionId = "";

  readonly #keep: boolean;
  /** Those that were neither passed to a listener nor read by every iterator, by the number of chunks before each. */
  readonly #chunks = new Map<number, Chunk>();
  /** How many were before these. */
  #dropped = 0;
  /** The iterators, each with the number of chunks before its next one. */
  readonly #readers = new Set<{ at: number }>();
  #state: StreamState = "waiting";
  #error: unknown;
  #waiting: (() => void)[] = [];
  #settle!: { resolve: (completion: Completion) => void; reject: (error: unknown) => void };

  /** @internal */
  constructor(request: StreamRequest | Watch, options: ReadOptions & { requestId: string }) {
    super(options);
    const { signal } = options;
    this.requestId = options.requestId;
    this.#keep = options.keep ?? false;
    this.request = request;
    this.completed = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    const abort = (): void => {
      this.#drop();
      this.fail(signal!.reason);
      this.abandon();
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

  get htmlMode(): HtmlMode {
    return this.request.html_mode ?? "fragment";
  }

  get traceId(): string | undefined {
    return this.start?.traceId;
  }

  /** Calls these listeners from now on, first for what has arrived and is not read. */
  listen(listeners: Listeners): this {
    this.callbacks = { ...this.callbacks, ...listeners };
    if (this.start) notify(listeners.onStart, this.start);
    if (listeners.onChunk) {
      for (const chunk of [...this.#chunks.values()]) notify(listeners.onChunk, chunk);
      if (!this.#keep) this.#drop();
    }
    return this;
  }

  // Controls of the user. Each is kept until it can be sent.

  pause(): void {
    this.wanted.paused = true;
    this.sendControls?.();
  }

  resume(): void {
    this.wanted.paused = false;
    this.sendControls?.();
  }

  /** Requests the rest at once; this also ends a pause. */
  skip(): void {
    this.wanted.paused = false;
    this.want("skip");
  }

  /** Connects now, if its connection waits for the next attempt. */
  retry(): void {
    this.reconnect?.();
  }

  cancel(): void {
    this.want("cancel");
    if (this.#state === "waiting" || this.#state === "broken") this.cancelled();
  }

  [Symbol.asyncIterator](): AsyncGenerator<Chunk, void> {
    return this.chunks();
  }

  /**
   * An iterator. Each one has all chunks from the first that is left, when it is first asked: a chunk is left until all
   * iterators have passed it. Leaving the last one ends the reading. An abort of `signal` throws its reason.
   */
  async *chunks({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Chunk, void> {
    if (!this.#keep && "onChunk" in this.callbacks && this.callbacks.onChunk)
      throw new TypeError("The chunks of this stream go to its onChunk.");
    const reader = { at: this.#dropped };
    this.#readers.add(reader);
    const wake = (): void => this.#wake(); // one of its own: the same signal may end several iterators
    signal?.addEventListener("abort", wake);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const chunk = this.#chunks.get(reader.at);
        if (chunk) {
          reader.at++;
          this.#dropRead();
          yield chunk;
        } else if (this.#state === "failed") throw this.#error;
        else if (this.over) return;
        else await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      this.#readers.delete(reader);
      this.#dropRead();
      if (!this.over && !this.#readers.size && !this.heard("chunk")) this.abandon();
    }
  }

  // Called by the client.

  /** @internal Whether it has ended for the user. A cancelled stream may still be in the queue of the service. */
  get over(): boolean {
    return this.#state === "complete" || this.#state === "cancelled" || this.#state === "failed";
  }

  /** @internal The message that requests or recovers it on a connection with this token; `undefined` if impossible. */
  ask(token: string | undefined): ClientMessage | undefined {
    const again = this.repeated = this.asked;
    this.asked = true;
    this.held = false;
    // The state of a pause is unknown after a repeated request, so it is always sent.
    this.sent = again ? {} : { paused: false };
    if (this.start) {
      const { streamId, resumable } = this.start;
      if (!resumable || !this.token) return undefined;
      this.recovering = true;
      return { type: "recover", stream_id: streamId, last_index: this.received - 1, token: this.token };
    }
    if (!again) this.firstToken = token;
    return again && this.firstToken && this.request.type === "stream_request" ? { ...this.request, token: this.firstToken } : this.request;
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
    this.emit("start", this.start);
  }

  /** @internal */
  recovered(paused: boolean): void {
    this.sent.paused = this.held = paused;
    this.enter(paused ? "paused" : "streaming");
  }

  /** @internal */
  take(chunk: Chunk): void {
    this.received++;
    this.report?.take();
    if (this.over) return;
    if (this.#keep || this.#readers.size || !this.heard("chunk")) this.#chunks.set(this.#arrived, chunk);
    this.emit("chunk", chunk);
    this.#wake();
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
    this.emit("error", error);
    this.#wake();
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
    this.emit("state", state);
  }

  /** @internal Its reader has stopped to read. */
  abandon(): void {
    this.cancel();
  }

  /** @internal */
  want(wanted: "skip" | "cancel" | "leave"): void {
    this.wanted[wanted] = true;
    this.sendControls?.();
  }

  #end(completion: Completion): void {
    if (this.over) return;
    this.enter(completion.cancelled ? "cancelled" : "complete");
    this.#settle.resolve(completion);
    this.emit("end", completion);
    this.#wake();
  }

  /** What every iterator has passed is not needed any more. */
  #dropRead(): void {
    if (!this.#keep && this.#readers.size) this.#drop(Math.min(...[...this.#readers].map(({ at }) => at)));
  }

  /** The number of chunks up to the last one of those that are left. */
  get #arrived(): number {
    return this.#dropped + this.#chunks.size;
  }

  #drop(until = this.#arrived): void {
    while (this.#dropped < until) this.#chunks.delete(this.#dropped++);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
