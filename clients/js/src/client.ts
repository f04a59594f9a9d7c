import { serviceAddress } from "./address.js";
import { closed } from "./connection.js";
import type { ConnectionOptions, ConnectionState } from "./connection-options.js";
import { StreamingError } from "./errors.js";
import { Events } from "./events.js";
import { isSessionId, randomId } from "./ids.js";
import { Lane } from "./lane.js";
import { LiveStream, type WatchOptions } from "./live.js";
import { Pool, type Pooling } from "./pool.js";
import type { ClientMessage, ServerMessage, StreamRequest, Watch } from "./protocol.js";
import { Report } from "./report.js";
import { checkOptions } from "./options.js";
import { streamRequest, tooLarge } from "./requests.js";
import type { Session } from "./session.js";
import { Stream } from "./stream.js";
import type { StreamOptions } from "./stream-options.js";

export interface ClientOptions extends ConnectionOptions {
  /** 1 to 64 of `A-Z a-z 0-9 _ - . :`; random by default. */
  sessionId?: string;
  /** Whether to report to the service how long its reader waited, at the end of each stream. Off by default. */
  report?: boolean;
  onSession?: (session: Session) => void;
  /** How live streams are read that another program writes into the session; see `onLive`. */
  live?: Pick<WatchOptions, "htmlMode" | "chunkBy" | "speed">;
  /** Called with each live stream that begins in the session. Without it they are not read. */
  onLive?: (stream: LiveStream) => void;
  /** Whether to stay connected while nothing is pending, also after a loss; by default with `onLive`. */
  stay?: boolean;
  /** How streams are distributed to connections: `parallel()` runs several at a time. By default one after the other. */
  pool?: Pooling;
}

/** The events of a client, as `on` and `off` name them. */
export interface ClientEvents {
  state: [state: ConnectionState, error?: StreamingError];
  session: [session: Session];
  message: [direction: "in" | "out", message: ServerMessage | ClientMessage];
  /** A live stream begins in the session; with a listener it is read. */
  live: [stream: LiveStream];
  /** A stream of any kind was requested or begins. */
  stream: [stream: Stream];
}

/** Of every field but the content, in characters: the service accepts 64 KiB beside it. */
const LONGEST_FIELD = 1000;

const READ_OPTIONS = "speed chunkBy htmlMode requestId signal keep onChunk onStart onState onEnd onError";

/** A client of one session; it reconnects while streams or pings are pending. */
export class StreamingClient extends Events<ClientEvents> {
  /** It changes only by `recover`, to the saved one, before the first connection of a client that was given none. */
  sessionId: string;
  /** The last reported session, that of new requests; `undefined` before the first connection. */
  session?: Session;

  readonly #url: string | URL;
  readonly #options: ClientOptions;
  #pool: Pool;
  #state: ConnectionState = "idle";

  /** `url` is the address of the service (http or ws); on a page it defaults to the origin of the page. */
  constructor(url: string | URL = globalThis.location?.origin, options: ClientOptions = {}) {
    super(options);
    checkOptions(
      options,
      "sessionId report onSession live onLive stay pool WebSocket backOff silenceMs probe onState onMessage getToken tokenCarrier tokenTimeoutMs",
    );
    checkOptions(options.backOff ?? {}, "firstMs maxMs attempts giveUpMs");
    checkOptions(options.live ?? {}, "speed chunkBy htmlMode");
    if (globalThis.location) serviceAddress(url, "ws", "");
    this.sessionId = options.sessionId ?? randomId();
    if (!isSessionId(this.sessionId)) throw new TypeError("A sessionId has 1 to 64 of A-Z a-z 0-9 _ - . :");
    this.#url = url;
    this.#options = options;
    this.#pool = this.#pooled();
  }

  get state(): ConnectionState {
    return this.#pool.state;
  }

  /** When the next attempt to connect begins, in the state `waiting`; `undefined` while the page is left. */
  get retryAt(): Date | undefined {
    return this.#pool.lanes.map(({ connection }) => connection.retryAt).sort((one, other) => Number(one) - Number(other))[0];
  }

  /** The streams that have not ended. */
  get streams(): readonly Stream[] {
    return this.#pool.streams;
  }

  /** Connects now instead of at the first request. Rejects after the last attempt, and with the reason of `signal`. */
  connect({ signal }: { signal?: AbortSignal } = {}): Promise<Session> {
    return this.#pool.first(this.#pool.current).connect(signal);
  }

  /** Connects now, in the state `waiting`, instead of at `retryAt`; after a refusal requests connect again. */
  retry(): void {
    for (const { connection } of this.#pool.lanes) connection.retry();
  }

  /** Requests a stream, as soon as there is a connection. Any number may wait. */
  stream(content: string, options: StreamOptions = {}): Stream {
    checkOptions(options, `${READ_OPTIONS} contentType trace`);
    const requestId = this.#requestId(options.requestId);
    const request = streamRequest(content, { ...options, requestId });
    const stream = new Stream(request, { ...options, requestId });
    return this.#add(stream, this.#pool.current, options.signal, this.#refusal(request));
  }

  /**
   * Reads a live stream of the session, also after its end. After a reload, or in another place, pass the `settled` of
   * the content that was kept; without it everything is sent again, in one chunk as far as it is settled.
   */
  watch(streamId: string, options: WatchOptions = {}): LiveStream {
    if (streamId.length > 64 || this.#watched(streamId)) throw new TypeError("A streamId has up to 64 characters and is read once at a time.");
    checkOptions(options, `${READ_OPTIONS} settled onProducer`);
    const stream = this.#liveStream(streamId, options);
    return this.#add(stream, this.sessionId, options.signal, this.#refusal(stream.request));
  }

  /** The round-trip time in milliseconds. */
  ping({ signal }: { signal?: AbortSignal } = {}): Promise<number> {
    const open = this.#pool.lanes.find(({ connection }) => connection.ready);
    return (open ?? this.#pool.first(this.#pool.current)).ping(signal);
  }

  /** Closes the client. Pending streams fail with `CLIENT_CLOSED`. */
  async close(): Promise<void> {
    await Promise.all(this.#pool.lanes.map(({ connection }) => connection.close()));
  }

  /** @internal Goes on with a request or `watch` of another client, as `prepare` sets up its stream. */
  revive(request: StreamRequest | Watch, sessionId: string, prepare: (stream: Stream) => void): Stream {
    const options = { requestId: this.#requestId(request.request_id) };
    const stream = request.type === "watch" ? new LiveStream(request.stream_id, options, request) : new Stream(request, options);
    prepare(stream);
    return this.#add(stream, sessionId, undefined, this.#refusal(request));
  }

  /** @internal Takes over a session, if it has not used or been given one. */
  adopt(sessionId: string): void {
    if (this.#options.sessionId || this.session || this.state !== "idle" || this.streams.length) return;
    this.sessionId = sessionId;
    this.#pool = this.#pooled();
  }

  /** `refused`: the reason not to send it. */
  #add<Kind extends Stream>(stream: Kind, sessionId: string, signal?: AbortSignal, refused?: unknown): Kind {
    if (signal?.aborted) refused = signal.reason;
    else if (this.state === "closed") refused = closed();
    if (this.#options.report) stream.report = new Report();
    stream.sessionId = sessionId;
    if (refused === undefined) this.#pool.join(stream);
    else queueMicrotask(() => stream.fail(refused)); // the caller gets the stream before it fails
    this.emit("stream", stream);
    return stream;
  }

  #requestId(requestId = randomId()): string {
    if (requestId.length > 64 || this.streams.some((stream) => stream.requestId === requestId))
      throw new TypeError("A requestId has up to 64 characters and is used once.");
    return requestId;
  }

  #watched(streamId: string): boolean {
    return this.streams.some((stream) => stream instanceof LiveStream && stream.streamId === streamId);
  }

  #liveStream(streamId: string, options: WatchOptions): LiveStream {
    const requestId = this.#requestId(options.requestId);
    return new LiveStream(streamId, { ...this.#options.live, ...options, requestId });
  }

  /** A live stream has begun without a request. One that is to be read in another way is watched. */
  #begun(lane: Lane, streamId: string): LiveStream | undefined {
    if (!this.heard("live") || lane !== this.#pool.lanes[0] || this.#watched(streamId)) return undefined;
    const { htmlMode = "fragment", chunkBy, speed } = this.#options.live ?? {};
    const stream = this.#liveStream(streamId, {});
    if (this.#options.report) stream.report = new Report();
    stream.sessionId = lane.sessionId;
    if (htmlMode !== "fragment" || chunkBy || speed) lane.queue.join(stream);
    queueMicrotask(() => {
      this.emit("live", stream); // after its start is recorded
      this.emit("stream", stream);
    });
    return stream;
  }

  /** The reason not to send the request, if any. */
  #refusal(request: StreamRequest | Watch): StreamingError | undefined {
    const { trace, settled, ...texts } = { trace: {}, settled: 0, ...request };
    // An error of the service for an unreadable request has no request id.
    for (const [name, text] of Object.entries({ ...texts, ...trace }))
      if (typeof text !== "string" || /\p{Surrogate}/u.test(text) || (name !== "content" && text.length > LONGEST_FIELD))
        return new StreamingError("INVALID_MESSAGE", `${name} is not a string, is too long or has a lone surrogate.`, { requestId: texts.request_id });
    return tooLarge(request as StreamRequest, this.session?.limits);
  }

  #pooled(): Pool {
    const make = this.#options.pool ?? ((...args) => new Pool(...args));
    return make(this.sessionId, (sessionId, pool) => this.#lane(sessionId, pool));
  }

  #lane(sessionId: string, pool: Pool): Lane {
    const options: ConnectionOptions = {
      ...this.#options,
      onState: (_, error) => this.#enter(error),
      onMessage: (direction, message) => this.emit("message", direction, message),
    };
    return new Lane(this.#url, sessionId, pool, options, {
      stays: (lane) => lane === this.#pool.lanes[0] && (this.#options.stay ?? this.heard("live")),
      opened: ({ session }) => {
        for (const lane of this.#pool.of(sessionId)) lane.session = session; // they count together
        if (sessionId === this.#pool.current) this.session = session!;
      },
      changed: () => sessionId === this.#pool.current && this.emit("session", this.session!),
      begun: (lane, streamId) => this.#begun(lane, streamId),
    });
  }

  #enter(error?: StreamingError): void {
    const { state } = this;
    if (this.#state === state) return;
    this.#state = state;
    this.emit("state", state, error);
  }
}
