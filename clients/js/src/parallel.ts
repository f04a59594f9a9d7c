import type { StreamingError } from "./errors.js";
import { randomId } from "./ids.js";
import type { Lane } from "./lane.js";
import { Pool, type Open, type Pooling } from "./pool.js";
import type { Stream } from "./stream.js";

export interface ParallelOptions {
  /**
   * Whether requests go on in a new session when the session has none left. `true`: its id is that of the first one and
   * a random suffix; a function returns another id.
   */
  rollover?: boolean | (() => string);
}

const LONGEST_SESSION_ID = 64;

/**
 * For the option `pool` of a client: this number of streams runs at a time, each on a connection of its own; the others
 * wait. A paused stream holds up no other, unless all connections have one.
 */
export function parallel(connections: number, options: ParallelOptions = {}): Pooling {
  if (!(connections >= 1)) throw new TypeError("A client needs at least one connection.");
  return (sessionId, open) => new ParallelPool(sessionId, open, connections, options.rollover ?? false);
}

/** Whether it is a request that was never sent: no session has it yet. */
function isUnsent({ asked, request }: Stream): boolean {
  return !asked && request.type === "stream_request";
}

class ParallelPool extends Pool {
  readonly #connections: number;
  readonly #rollover: boolean | (() => string);
  readonly #initial: string;
  /** All that were in use. */
  readonly #sessions: Set<string>;
  /** Streams that wait for a connection. */
  #waiting: Stream[] = [];

  constructor(sessionId: string, open: Open, connections: number, rollover: boolean | (() => string)) {
    super(sessionId, open);
    this.#connections = connections;
    this.#rollover = rollover;
    this.#initial = sessionId;
    this.#sessions = new Set([sessionId]);
  }

  override get streams(): Stream[] {
    return [...super.streams, ...this.#waiting.filter(({ over }) => !over)];
  }

  /** One connection has a queue, as without this pool; of several, each has one stream. */
  override join(stream: Stream): void {
    const lanes = this.of(stream.sessionId);
    const free = this.#connections === 1 ? lanes[0] : lanes.find(({ queue }) => queue.empty);
    if (free) free.join(stream);
    else if (lanes.length < this.#connections) this.add(stream.sessionId).join(stream);
    else this.#waiting.push(stream);
  }

  /** Moves the stream, and those that were not sent, to another session. */
  override exhausted(lane: Lane, stream: Stream): boolean {
    const { sessionId } = stream;
    if (!this.#rollover) return false;
    if (sessionId === this.current) {
      if (this.#sessions.size > 1 && !this.of(sessionId).some(({ accepts }) => accepts)) return false; // so would the next
      const next = this.#next();
      if (this.#sessions.has(next)) return false;
      this.#sessions.add((this.current = next));
    }
    const unsent = this.streams.filter((other) => other.sessionId === sessionId && isUnsent(other));
    this.#waiting = this.#waiting.filter((other) => !unsent.includes(other));
    for (const { queue } of this.of(sessionId)) queue.streams = queue.streams.filter((other) => !unsent.includes(other));
    lane.queue.leave(stream);
    for (const moved of [stream, ...unsent]) {
      moved.asked = moved.repeated = false;
      moved.sessionId = this.current;
      this.join(moved);
    }
    return true;
  }

  /** The next stream takes the place; a connection of a session that is not needed any more is closed. */
  override freed(lane: Lane): void {
    const { queue, connection, sessionId } = lane;
    if (!queue.empty || connection.state === "closed") return;
    this.#waiting = this.#waiting.filter(({ over }) => !over);
    // The service may refuse a further connection, for example of the same address: its stream need not wait for it.
    for (const other of connection.ready ? this.of(sessionId) : []) {
      const unsent = other.connection.ready ? undefined : other.queue.streams.find((stream) => !stream.over && isUnsent(stream));
      if (!unsent) continue;
      lane.join(unsent);
      return other.queue.leave(unsent); // and that connection has the next one
    }
    const next = this.#waiting.findIndex((stream) => stream.sessionId === sessionId);
    if (next >= 0) return lane.join(this.#waiting.splice(next, 1)[0]!);
    const index = this.lanes.indexOf(lane);
    if (index <= 0 || sessionId === this.current) return;
    this.lanes.splice(index, 1);
    void connection.close();
  }

  /** Those that wait for a connection fail too, unless there is another one. */
  override ended(lane: Lane, error: StreamingError): void {
    const { sessionId } = lane;
    const lives = ({ connection }: Lane): boolean => connection.state !== "idle" && connection.state !== "closed";
    if (this.of(sessionId).some(lives)) return this.freed(lane);
    const failed = this.#waiting.filter((stream) => stream.sessionId === sessionId);
    this.#waiting = this.#waiting.filter((stream) => stream.sessionId !== sessionId);
    for (const stream of failed) stream.fail(error);
  }

  #next(): string {
    if (typeof this.#rollover === "function") return this.#rollover();
    const suffix = `.${randomId().slice(16)}`;
    return this.#initial.slice(0, LONGEST_SESSION_ID - suffix.length) + suffix;
  }
}
