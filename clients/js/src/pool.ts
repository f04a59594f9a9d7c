import type { ConnectionState } from "./connection-options.js";
import type { StreamingError } from "./errors.js";
import type { Lane } from "./lane.js";
import type { Stream } from "./stream.js";

/** Makes the connections of a client: `parallel()` returns one. */
export type Pooling = (sessionId: string, open: Open) => Pool;

/** Makes a lane of a session for the pool. */
export type Open = (sessionId: string, pool: Pool) => Lane;

/** The state of several connections is the first of these that one of them has, else `idle`. */
const STATES: ConnectionState[] = ["closed", "waiting", "open", "connecting"];

/** The connections of a client: one for each session. There are several sessions after a recovery. */
export class Pool {
  readonly lanes: Lane[] = [];

  constructor(
    /** The session of new requests. */
    public current: string,
    private readonly open: Open,
  ) {
    this.first(current);
  }

  get state(): ConnectionState {
    return STATES.find((state) => this.lanes.some(({ connection }) => connection.state === state)) ?? "idle";
  }

  /** All that have not ended, in each session in their order. */
  get streams(): Stream[] {
    return this.lanes.flatMap(({ queue }) => queue.streams).filter(({ over }) => !over);
  }

  of(sessionId: string): Lane[] {
    return this.lanes.filter((lane) => lane.sessionId === sessionId);
  }

  /** The first connection of the session. */
  first(sessionId: string): Lane {
    return this.of(sessionId)[0] ?? this.add(sessionId);
  }

  join(stream: Stream): void {
    this.first(stream.sessionId).join(stream);
  }

  /** The session has no requests left: whether the stream was moved to another one. */
  exhausted(_lane: Lane, _stream: Stream): boolean {
    return false;
  }

  /** A stream has left the lane. */
  freed(_lane: Lane): void {}

  /** The lane does not reconnect; its streams have failed. */
  ended(_lane: Lane, _error: StreamingError): void {}

  protected add(sessionId: string): Lane {
    const lane = this.open(sessionId, this);
    lane.session = this.of(sessionId)[0]?.session;
    this.lanes.push(lane);
    return lane;
  }
}
