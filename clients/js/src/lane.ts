import { closed, Connection, type Owner } from "./connection.js";
import type { ConnectionOptions } from "./connection-options.js";
import type { StreamingError } from "./errors.js";
import type { LiveStream } from "./live.js";
import type { ServerMessage } from "./protocol.js";
import type { Pool } from "./pool.js";
import { RequestQueue } from "./queue.js";
import { date, sessionOf, type Session } from "./session.js";
import type { Stream } from "./stream.js";

/** The owner of lanes. */
export interface LaneOwner {
  /** Whether the lane stays connected while nothing is pending. */
  stays(lane: Lane): boolean;
  /** The service has reported the session of the lane. */
  opened(lane: Lane): void;
  /** Something in it has changed. */
  changed(lane: Lane): void;
  /** A live stream begins without a request; `undefined` if it is not wanted. */
  begun(lane: Lane, streamId: string): LiveStream | undefined;
}

interface Waiter<Value> {
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
}

/** One connection of a session at a time, and the streams on it. It reconnects while streams or pings are pending. */
export class Lane implements Owner {
  readonly connection: Connection;
  readonly queue: RequestQueue;
  /** The last reported session. */
  session: Session | undefined;
  /** Whether the session had a request left when the lane connected. */
  accepts = false;
  readonly #owner: LaneOwner;
  readonly #connecting = new Set<Waiter<Session>>();
  #pings: (Waiter<number> & { sentAt: number })[] = [];

  constructor(
    url: string | URL,
    readonly sessionId: string,
    /** Where it belongs. */
    readonly pool: Pool,
    options: ConnectionOptions,
    owner: LaneOwner,
  ) {
    this.#owner = owner;
    this.connection = new Connection(url, sessionId, options, this);
    this.queue = new RequestQueue(this.connection, this);
  }

  join(stream: Stream): void {
    this.queue.join(stream);
    this.connection.open();
  }

  async connect(signal?: AbortSignal): Promise<Session> {
    const { state } = this.connection;
    if (state === "open") return this.session!;
    if (state === "closed") throw closed();
    return abortable(signal, (waiter) => {
      this.#connecting.add(waiter);
      this.connection.open();
      return () => this.#connecting.delete(waiter);
    });
  }

  async ping(signal?: AbortSignal): Promise<number> {
    await this.connect(signal);
    if (this.connection.state !== "open") return this.ping(signal); // it has closed already
    return abortable(signal, (waiter) => {
      this.#pings.push({ ...waiter, sentAt: performance.now() }); // also after an abort: pongs have the order of pings
      this.connection.send({ type: "ping" });
    });
  }

  // Called by the connection.

  get awaits(): boolean {
    return this.#owner.stays(this) || !this.queue.empty || this.#connecting.size + this.#pings.length > 0;
  }

  get flows(): boolean {
    return this.queue.flows;
  }

  get admitted(): boolean {
    return this.session !== undefined;
  }

  shed(): boolean {
    return this.queue.shed();
  }

  receive(message: ServerMessage): void {
    const { queue } = this;
    switch (message.type) {
      case "connected":
        this.session = sessionOf(message);
        this.accepts ||= message.requests_left > 0;
        this.#owner.opened(this);
        for (const waiter of this.#connecting) waiter.resolve(this.session);
        this.#connecting.clear();
        queue.reports = message.client_reports ?? false;
        queue.token = message.resume_token; // before listeners run, which may request streams
        this.connection.greeted(message.limits.resume_ttl);
        this.#owner.changed(this);
        return queue.begin();
      case "stream_start":
        return queue.started(message);
      case "stream_recovered":
        return queue.recovered(message);
      case "chunk":
        return queue.take(message);
      case "stream_complete":
        return queue.complete(message);
      case "auth_refreshed":
        this.session!.tokenExpiresAt = date(message.expires_at);
        return this.#owner.changed(this);
      case "pong": {
        const ping = this.#pings.shift();
        return ping?.resolve(performance.now() - ping.sentAt);
      }
      case "error":
        if (message.code === "RATE_LIMIT_EXCEEDED" && !message.scope) this.#count(0);
        return queue.failed(message);
      default:
        queue.other(message);
    }
  }

  broken(error: StreamingError): void {
    for (const ping of this.#pings.splice(0)) ping.reject(error);
    this.queue.broken();
    this.pool.freed(this);
  }

  ended(error: StreamingError): void {
    for (const waiter of [...this.#connecting, ...this.#pings.splice(0)]) waiter.reject(error);
    this.#connecting.clear();
    this.queue.end(error);
    this.pool.ended(this, error);
  }

  // Called by the queue.

  counted(): void {
    this.#count(this.session!.requestsLeft - 1);
  }

  begun(streamId: string): LiveStream | undefined {
    return this.#owner.begun(this, streamId);
  }

  #count(requestsLeft: number): void {
    this.session!.requestsLeft = Math.max(0, requestsLeft);
    this.#owner.changed(this);
  }
}

/** What `begin` waits for; an abort rejects it, and calls what `begin` has returned. */
function abortable<Value>(signal: AbortSignal | undefined, begin: (waiter: Waiter<Value>) => (() => unknown) | void): Promise<Value> {
  let abort!: () => void;
  return new Promise<Value>((resolve, reject) => {
    signal?.throwIfAborted();
    const withdraw = begin({ resolve, reject });
    abort = () => {
      withdraw?.();
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", abort);
  }).finally(() => signal?.removeEventListener("abort", abort));
}
