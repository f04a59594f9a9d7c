import { closed, Connection, type ConnectionOptions, type ConnectionState } from "./connection.js";
import { StreamingError } from "./errors.js";
import { randomId } from "./ids.js";
import { RequestQueue } from "./queue.js";
import { Report } from "./report.js";
import type { Connected, ServerMessage, SessionLimits } from "./protocol.js";
import { LiveStream, type WatchOptions } from "./live.js";
import { streamRequest } from "./requests.js";
import { Stream, type StreamOptions } from "./stream.js";
import { notify } from "./notify.js";

/** The session, as reported by the service. */
export interface Session {
  sessionId: string;
  version: string;
  limits: SessionLimits;
  /** The last reported value, minus the requests of this client since. */
  requestsLeft: number;
  expiresAt: Date;
  /** Whether streams are stored and can be recovered on another connection. */
  resumable: boolean;
  /** When the token of the user ends; `undefined` if it does not, and without authentication. */
  tokenExpiresAt?: Date | undefined;
}

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
}

interface Waiter<Value> {
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
}

/** A client of one session, with one connection at a time; it reconnects while streams or pings are pending. */
export class StreamingClient {
  readonly sessionId: string;
  /** The last reported session; `undefined` before the first connection. */
  session?: Session;

  readonly #connection: Connection;
  readonly #queue: RequestQueue;
  readonly #onSession: ((session: Session) => void) | undefined;
  readonly #reports: boolean;
  readonly #live: WatchOptions;
  readonly #onLive: ((stream: LiveStream) => void) | undefined;
  readonly #stays: boolean;
  #connecting: Waiter<Session>[] = [];
  #pings: (Waiter<number> & { sentAt: number })[] = [];

  /** `url` is the address of the service (http or ws); on a page it defaults to the origin of the page. */
  constructor(url: string | URL = globalThis.location?.origin, options: ClientOptions = {}) {
    this.sessionId = options.sessionId ?? randomId();
    this.#onSession = options.onSession;
    this.#reports = options.report ?? false;
    this.#live = options.live ?? {};
    this.#onLive = options.onLive;
    this.#stays = options.stay ?? options.onLive !== undefined;
    const address = new URL(`ws/stream/${encodeURIComponent(this.sessionId)}`, String(url).replace(/\/*$/, "/"));
    const client = this;
    this.#connection = new Connection(address.href.replace(/^http/, "ws"), options, {
      receive: (message) => this.#receive(message),
      broken: (error) => this.#broken(error),
      ended: (error) => this.#ended(error),
      get awaits() {
        return client.#stays || !client.#queue.empty || client.#connecting.length + client.#pings.length > 0;
      },
    });
    const counted = (): void => this.#count(this.session!.requestsLeft - 1);
    this.#queue = new RequestQueue(this.#connection, counted, (streamId) => this.#begun(streamId));
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Connects now instead of at the first request. Rejects after the last attempt. */
  connect(): Promise<Session> {
    if (this.state === "open") return Promise.resolve(this.session!);
    if (this.state === "closed") return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#connecting.push({ resolve, reject });
      this.#connection.open();
    });
  }

  /** Requests a stream, as soon as there is a connection. Any number may wait. */
  stream(content: string, options: StreamOptions = {}): Stream {
    const requestId = this.#requestId(options.requestId);
    const request = streamRequest(content, { ...options, requestId });
    const stream = new Stream(request, { ...options, requestId }, this.#queue.sendControls);
    if (this.#reports) stream.report = new Report();
    const refused = this.#refusal(content, stream.requestId, options);
    if (refused === undefined) {
      this.#queue.join(stream);
      this.#connection.open();
    } else queueMicrotask(() => stream.fail(refused)); // the caller gets the stream before it fails
    return stream;
  }

  /**
   * Reads a live stream of the session, also after its end. After a reload, or in another place, pass the `settled` of
   * the content that was kept; without it everything is sent again, in one chunk as far as it is settled.
   */
  watch(streamId: string, options: WatchOptions = {}): LiveStream {
    const known = this.#queue.findLive(streamId);
    if (known && !known.over) throw new TypeError("The client reads this stream already.");
    const stream = this.#liveStream(streamId, options);
    if (options.signal?.aborted) queueMicrotask(() => stream.fail(options.signal!.reason));
    else if (this.state === "closed") queueMicrotask(() => stream.fail(closed()));
    else {
      this.#queue.join(stream);
      this.#connection.open();
    }
    return stream;
  }

  /** The round-trip time in milliseconds. */
  async ping(): Promise<number> {
    await this.connect();
    if (this.state !== "open") return this.ping(); // it has closed already
    return new Promise((resolve, reject) => {
      this.#pings.push({ resolve, reject, sentAt: performance.now() });
      this.#connection.send({ type: "ping" });
    });
  }

  /** Closes the client. Pending streams fail with `CLIENT_CLOSED`. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  #requestId(requestId = randomId()): string {
    if (requestId.length > 64 || this.#queue.find(requestId))
      throw new TypeError("A requestId has up to 64 characters and is used once.");
    return requestId;
  }

  #liveStream(streamId: string, options: WatchOptions): LiveStream {
    const requestId = this.#requestId(options.requestId);
    const stream = new LiveStream(streamId, { ...this.#live, ...options, requestId }, this.#queue.sendControls);
    if (this.#reports) stream.report = new Report();
    return stream;
  }

  /** A live stream has begun without a request. One that is to be read in another way is watched. */
  #begun(streamId: string): LiveStream | undefined {
    if (!this.#onLive) return undefined;
    const { htmlMode = "fragment", chunkBy, speed } = this.#live;
    const stream = this.#liveStream(streamId, {});
    if (htmlMode !== "fragment" || chunkBy || speed) this.#queue.join(stream);
    queueMicrotask(() => notify(this.#onLive, stream)); // after its start is recorded
    return stream;
  }

  /** The reason not to send the request, if any. */
  #refusal(content: string, requestId: string, options: StreamOptions): unknown {
    const { contentType = "", speed = "", chunkBy = "", htmlMode = "", signal } = options;
    const { traceparent, tracestate = "" } = options.trace ?? { traceparent: "" };
    if (signal?.aborted) return signal.reason;
    if (this.state === "closed") return closed();
    // An error of the service for an unreadable request has no request id.
    const texts = [content, requestId, contentType, speed, chunkBy, htmlMode, traceparent, tracestate];
    if (texts.some((text) => typeof text !== "string" || /\p{Surrogate}/u.test(text)))
      return new StreamingError("INVALID_MESSAGE", "A field of the request is not a string or has a lone surrogate.", { requestId });
    return undefined;
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "connected":
        return this.#connected(message);
      case "stream_start":
        return this.#queue.started(message);
      case "stream_recovered":
        return this.#queue.recovered(message);
      case "chunk":
        return this.#queue.take(message);
      case "stream_complete":
        return this.#queue.complete(message);
      case "stream_paused":
      case "stream_resumed":
      case "stream_skipped":
      case "stream_cancelled":
      case "stream_left":
        return this.#queue.answered(message);
      case "stream_stalled":
      case "stream_interrupted":
      case "stream_continued":
        return this.#queue.reported(message);
      case "auth_refreshed":
        this.session!.tokenExpiresAt = date(message.expires_at);
        return notify(this.#onSession, this.session!);
      case "pong": {
        const ping = this.#pings.shift();
        return ping?.resolve(performance.now() - ping.sentAt);
      }
      case "error":
        if (message.code === "RATE_LIMIT_EXCEEDED" && !message.scope) this.#count(0);
        return this.#queue.failed(message);
    }
  }

  #connected(message: Connected): void {
    this.session = {
      sessionId: message.session_id,
      version: message.version,
      limits: message.limits,
      requestsLeft: message.requests_left,
      expiresAt: new Date(message.session_expires_at),
      resumable: message.resume_token !== undefined,
      tokenExpiresAt: date(message.auth_expires_at),
    };
    for (const waiter of this.#connecting.splice(0)) waiter.resolve(this.session);
    this.#queue.reports = message.client_reports ?? false;
    this.#queue.token = message.resume_token; // before listeners run, which may request streams
    this.#connection.greeted();
    notify(this.#onSession, this.session);
    this.#queue.begin();
  }

  #broken(error: StreamingError): void {
    for (const ping of this.#pings.splice(0)) ping.reject(error);
    this.#queue.broken();
  }

  #ended(error: StreamingError): void {
    for (const waiter of [...this.#connecting.splice(0), ...this.#pings.splice(0)]) waiter.reject(error);
    this.#queue.end(error);
  }

  #count(requestsLeft: number): void {
    this.session!.requestsLeft = Math.max(0, requestsLeft);
    notify(this.#onSession, this.session!);
  }
}

function date(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
