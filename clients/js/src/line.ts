import type { Connection } from "./connection.js";
import { StreamingError } from "./errors.js";
import type {
  Chunk,
  ControlAction,
  ErrorMessage,
  StreamCancelled,
  StreamComplete,
  StreamPaused,
  StreamRecovered,
  StreamResumed,
  StreamSkipped,
  StreamStart,
} from "./protocol.js";
import type { Stream } from "./stream.js";

/** One runs and ten wait: what the service takes on a connection. */
const LENGTH = 11;

type ControlAnswer = (StreamPaused | StreamResumed | StreamSkipped | StreamCancelled)["type"];

const ACTIONS: Record<ControlAnswer, ControlAction> = {
  stream_paused: "pause",
  stream_resumed: "resume",
  stream_skipped: "skip",
  stream_cancelled: "cancel",
};

/** All streams that are not over, in the service's order: the first runs, the others wait. */
export class Line {
  readonly #connection: Connection;
  /** Called for each request that the service counts. */
  readonly #onCounted: () => void;
  /** Of this connection; `undefined` if the service stores nothing. */
  token: string | undefined;
  #streams: Stream[] = [];
  /** Those of them that were asked for on this connection. */
  readonly #asked = new Set<Stream>();
  /** Whose chunks are coming. */
  #current: Stream | undefined;
  /** Sent, and not yet answered. */
  #controls: { action: ControlAction; stream: Stream }[] = [];

  constructor(connection: Connection, onCounted: () => void) {
    this.#connection = connection;
    this.#onCounted = onCounted;
  }

  get empty(): boolean {
    return !this.#streams.length;
  }

  /** The stream that was asked for with this id. */
  find(requestId: string | undefined): Stream | undefined {
    return this.#streams.find((stream) => stream.requestId === requestId);
  }

  join(stream: Stream): void {
    this.#streams.push(stream);
    this.#ask();
  }

  /** There is a connection. */
  begin(): void {
    this.#ask();
  }

  /** There is none any more. */
  broken(): void {
    this.#current = undefined;
    this.#controls = [];
    this.#asked.clear();
    // A cancel whose answer is lost: nobody wants what would come.
    for (const stream of this.#streams) if (stream.wanted.cancel) stream.cancelled();
    this.#streams = this.#streams.filter((stream) => !stream.over);
    for (const stream of this.#streams) if (stream.start) stream.enter("broken");
  }

  /** There will be none. */
  end(error: StreamingError): void {
    this.broken();
    for (const stream of this.#streams.splice(0)) stream.fail(error);
  }

  /** Tells the service what the user wants of the first in its line. */
  readonly steer = (): void => {
    const [stream, second] = this.#streams;
    if (!stream || !this.#asked.has(stream)) return;
    const action = stream.next(!second || !this.#asked.has(second));
    if (!action) return;
    this.#controls.push({ action, stream });
    this.#connection.send({ type: "stream_control", action });
  };

  /** Asks for all that is to be had on this connection and has not been asked for. */
  #ask(): void {
    if (!this.#connection.ready) return;
    for (const stream of this.#streams.slice(0, LENGTH)) {
      if (this.#asked.has(stream)) continue;
      const message = stream.over ? undefined : stream.ask(this.token);
      if (!message) {
        stream.lost("not_stored");
        return this.#leave(stream);
      }
      this.#asked.add(stream);
      this.#connection.send(message);
    }
    this.steer();
  }

  #leave(stream: Stream): void {
    this.#streams = this.#streams.filter((other) => other !== stream);
    this.#asked.delete(stream);
    if (this.#current === stream) this.#current = undefined;
    this.#ask();
  }

  // What the service says

  started(message: StreamStart): void {
    const stream = this.find(message.request_id);
    if (!stream) return;
    this.#current = stream;
    stream.token = this.token;
    if (!stream.repeated) this.#onCounted();
    stream.started(message);
    this.steer();
  }

  recovered({ stream_id, recovered, reason, paused }: StreamRecovered): void {
    const stream = this.#streams.find(({ streamId }) => streamId === stream_id);
    if (!stream) return;
    stream.recovering = false;
    if (reason === "unavailable" && this.token)
      // its store is away: that may pass
      return this.#connection.breakOff(stream.loss(reason));
    if (!recovered) {
      stream.lost(reason ?? "unknown");
      return this.#leave(stream);
    }
    this.#current = stream;
    stream.token = this.token;
    stream.told.paused = stream.held = paused ?? false;
    stream.enter(paused ? "paused" : "streaming");
    this.steer();
  }

  take({ data, index, timestamp, close }: Chunk): void {
    const stream = this.#current;
    if (!stream || index < stream.received) return;
    if (index > stream.received) return this.#connection.breakOff(); // what is missing can be had on another connection
    this.#connection.gained();
    stream.take({ data, index, timestamp, ...(close !== undefined && { close }) });
  }

  complete(message: StreamComplete): void {
    const stream = this.#current;
    if (!stream) return;
    if (message.total_chunks !== stream.received) return this.#connection.breakOff();
    this.#connection.gained();
    if (stream.start?.resumable)
      this.#connection.send({ type: "ack", stream_id: message.stream_id, index: message.total_chunks - 1 });
    stream.complete(message);
    this.#leave(stream);
  }

  failed(message: ErrorMessage): void {
    if (message.code === "NO_ACTIVE_STREAM") {
      this.#controls.shift(); // it crossed with the end of its stream
      return;
    }
    const stream = this.find(message.request_id);
    if (!stream) return;
    stream.fail(StreamingError.of(message));
    this.#leave(stream);
  }

  answered(type: ControlAnswer): void {
    const action = ACTIONS[type];
    const [first] = this.#streams;
    const answers = this.#controls[0]?.action === action; // a skip in a pause is answered with one more: resumed
    const meant = answers ? this.#controls.shift()!.stream : first;
    if (!first) return;
    if (action === "cancel") {
      this.#connection.gained();
      first.cancelled();
      return this.#leave(first);
    }
    first.held = action === "pause";
    if (meant !== first) first.told.paused = first.held; // that one had ended meanwhile: this will be taken back
    if (first.start && first.wanted.paused === first.held) first.enter(first.held ? "paused" : "streaming");
    this.steer();
  }
}
