import { closed, Connection, type ConnectionOptions, type ConnectionState } from "./connection.js";
import { StreamingError } from "./errors.js";
import { randomId } from "./ids.js";
import { Line } from "./line.js";
import type { Connected, ServerMessage, SessionLimits } from "./protocol.js";
import { Stream, type StreamOptions } from "./stream.js";
import { tell } from "./tell.js";

/** What the service has said of the session. */
export interface Session {
  sessionId: string;
  version: string;
  limits: SessionLimits;
  /** As the service said last, less what this client has asked for since. */
  requestsLeft: number;
  expiresAt: Date;
  /** Whether streams are stored, so that they can survive the end of a connection. */
  resumable: boolean;
}

export interface ClientOptions extends ConnectionOptions {
  /** 1 to 64 of `A-Z a-z 0-9 _ - . :`; else a random one. */
  sessionId?: string;
  onSession?: (session: Session) => void;
}

interface Waiter<Value> {
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
}

/** One connection at a time to one session; it comes back by itself for as long as there is something to go on with. */
export class StreamingClient {
  readonly sessionId: string;
  /** What the service has said last; `undefined` before the first connection. */
  session?: Session;

  readonly #connection: Connection;
  readonly #line: Line;
  readonly #onSession: ((session: Session) => void) | undefined;
  #connecting: Waiter<Session>[] = [];
  #pings: (Waiter<number> & { sentAt: number })[] = [];

  /** `url` is the service's, be it with http or ws; on a page it may be left out for the page's own origin. */
  constructor(url: string | URL = globalThis.location?.origin, options: ClientOptions = {}) {
    this.sessionId = options.sessionId ?? randomId();
    this.#onSession = options.onSession;
    const address = new URL(`ws/stream/${encodeURIComponent(this.sessionId)}`, String(url).replace(/\/*$/, "/"));
    const client = this;
    this.#connection = new Connection(address.href.replace(/^http/, "ws"), options, {
      receive: (message) => this.#receive(message),
      broken: (error) => this.#broken(error),
      ended: (error) => this.#ended(error),
      get awaits() {
        return !client.#line.empty || client.#connecting.length + client.#pings.length > 0;
      },
    });
    this.#line = new Line(this.#connection, () => this.#count(this.session!.requestsLeft - 1));
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Connects now; else the first request does. Rejects once it gives up. */
  connect(): Promise<Session> {
    if (this.state === "open") return Promise.resolve(this.session!);
    if (this.state === "closed") return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#connecting.push({ resolve, reject });
      this.#connection.open();
    });
  }

  /** Asks for a stream, at once or as soon as there is a connection. Any number may wait. */
  stream(content: string, options: StreamOptions = {}): Stream {
    const { requestId = randomId() } = options;
    if (requestId.length > 64 || this.#line.find(requestId))
      throw new TypeError("A requestId has up to 64 characters and is used once.");
    const stream = new Stream(content, { ...options, requestId }, this.#line.steer);
    const refused = this.#refusal(content, stream.requestId, options);
    if (refused === undefined) {
      this.#line.join(stream);
      this.#connection.open();
    } else queueMicrotask(() => stream.fail(refused)); // the caller has the stream before it hears of its end
    return stream;
  }

  /** The round-trip time in milliseconds. */
  async ping(): Promise<number> {
    await this.connect();
    if (this.state !== "open") return this.ping(); // it has ended already
    return new Promise((resolve, reject) => {
      this.#pings.push({ resolve, reject, sentAt: performance.now() });
      this.#connection.send({ type: "ping" });
    });
  }

  /** Leaves for good. What is not over fails with `CLIENT_CLOSED`. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Why not even to ask. */
  #refusal(content: string, requestId: string, options: StreamOptions): unknown {
    const { contentType = "", speed = "", chunkBy = "", htmlMode = "", signal } = options;
    const { traceparent, tracestate = "" } = options.trace ?? { traceparent: "" };
    if (signal?.aborted) return signal.reason;
    if (this.state === "closed") return closed();
    // The service does not name a request that it cannot read.
    const texts = [content, requestId, contentType, speed, chunkBy, htmlMode, traceparent, tracestate];
    if (texts.some((text) => typeof text !== "string" || /\p{Surrogate}/u.test(text)))
      return new StreamingError("INVALID_MESSAGE", "What is asked for has a lone surrogate, or is no text.", { requestId });
    return undefined;
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "connected":
        return this.#connected(message);
      case "stream_start":
        return this.#line.started(message);
      case "stream_recovered":
        return this.#line.recovered(message);
      case "chunk":
        return this.#line.take(message);
      case "stream_complete":
        return this.#line.complete(message);
      case "stream_paused":
      case "stream_resumed":
      case "stream_skipped":
      case "stream_cancelled":
        return this.#line.answered(message.type);
      case "pong": {
        const ping = this.#pings.shift();
        return ping?.resolve(performance.now() - ping.sentAt);
      }
      case "error":
        if (message.code === "RATE_LIMIT_EXCEEDED") this.#count(0);
        return this.#line.failed(message);
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
    };
    for (const waiter of this.#connecting.splice(0)) waiter.resolve(this.session);
    this.#line.token = message.resume_token; // before anybody hears of it, and asks for something
    this.#connection.greeted();
    tell(this.#onSession, this.session);
    this.#line.begin();
  }

  #broken(error: StreamingError): void {
    for (const ping of this.#pings.splice(0)) ping.reject(error);
    this.#line.broken();
  }

  #ended(error: StreamingError): void {
    for (const waiter of [...this.#connecting.splice(0), ...this.#pings.splice(0)]) waiter.reject(error);
    this.#line.end(error);
  }

  #count(requestsLeft: number): void {
    this.session!.requestsLeft = Math.max(0, requestsLeft);
    tell(this.#onSession, this.session!);
  }
}
