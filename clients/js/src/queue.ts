import type { Connection } from "./connection.js";
import { StreamingError } from "./errors.js";
import type {
  ServerMessage,
  Chunk,
  ControlAction,
  ErrorMessage,
  StreamCancelled,
  StreamComplete,
  StreamContinued,
  StreamInterrupted,
  StreamLeft,
  StreamPaused,
  StreamRecovered,
  StreamRequest,
  StreamResumed,
  StreamSkipped,
  StreamStalled,
  StreamStart,
} from "./protocol.js";
import type { Lane } from "./lane.js";
import { LiveStream, type ProducerState } from "./live.js";
import { tooLarge } from "./requests.js";
import type { Stream } from "./stream.js";

/** The limit of the service for a connection: one active and ten waiting requests. */
const LENGTH = 11;

type ControlAnswer = StreamPaused | StreamResumed | StreamSkipped | StreamCancelled | StreamLeft;
type ProducerMessage = StreamStalled | StreamInterrupted | StreamContinued;

const PRODUCERS: Record<ProducerMessage["type"], ProducerState> = {
  stream_stalled: "stalled",
  stream_interrupted: "interrupted",
  stream_continued: "writing",
};

const ACTIONS: Record<ControlAnswer["type"], ControlAction> = {
  stream_paused: "pause",
  stream_resumed: "resume",
  stream_skipped: "skip",
  stream_cancelled: "cancel",
  stream_left: "leave",
};

/** All unfinished streams of a connection, in the order of the service: the first is active, the others wait. */
export class RequestQueue {
  readonly #connection: Connection;
  readonly #lane: Lane;
  /** The token of this connection; `undefined` if the service stores no content. */
  token: string | undefined;
  /** Whether the service evaluates reports. */
  reports = false;
  streams: Stream[] = [];
  /** The streams that were requested on this connection. */
  readonly #requested = new Set<Stream>();
  /** The stream that chunks belong to. */
  #current: Stream | undefined;
  /** Sent controls without an answer yet. */
  #controls: { action: ControlAction; stream: Stream }[] = [];

  constructor(connection: Connection, lane: Lane) {
    this.#connection = connection;
    this.#lane = lane;
  }

  get empty(): boolean {
    return !this.streams.length;
  }

  /** Whether messages follow one another, until the first stream ends. */
  get flows(): boolean {
    const [first] = this.streams;
    return !!first && first.state !== "paused" && (!(first instanceof LiveStream) || first.producer === "writing");
  }

  /** The stream with this request id. */
  find(requestId: string | undefined): Stream | undefined {
    return this.streams.find((stream) => stream.requestId === requestId);
  }

  /** The live stream with this id. */
  findLive(streamId: string | undefined): LiveStream | undefined {
    const found = this.streams.find((stream) => stream instanceof LiveStream && stream.streamId === streamId);
    return found as LiveStream | undefined;
  }

  join(stream: Stream): void {
    stream.sendControls = this.sendControls;
    stream.reconnect = () => this.#connection.retry();
    this.streams.push(stream);
    this.streams[0]!.report?.begin();
    this.#requestAll();
  }

  /** A connection is open. */
  begin(): void {
    this.#requestAll();
  }

  /** The connection is lost. */
  broken(): void {
    this.#current = undefined;
    this.#controls = [];
    this.#requested.clear();
    // The answer to a cancel is lost: the stream is over.
    for (const stream of this.streams) if (stream.wanted.cancel || stream.wanted.leave) stream.cancelled();
    this.streams = this.streams.filter((stream) => !stream.over);
    for (const stream of this.streams) if (stream.start) stream.enter("broken");
  }

  /** The frame of a request was too large, perhaps for a proxy: the largest without an answer fails. */
  shed(): boolean {
    const length = ({ request }: Stream): number => JSON.stringify(request).length;
    const unanswered = this.streams.filter((stream) => this.#requested.has(stream) && !stream.start);
    const [largest] = unanswered.sort((one, other) => length(other) - length(one));
    largest?.fail(new StreamingError("CONTENT_TOO_LARGE", "The service or a proxy closed the connection: close code 1009."));
    return !!largest;
  }

  /** No further connection is opened. */
  end(error: StreamingError): void {
    this.broken();
    for (const stream of this.streams.splice(0)) stream.fail(error);
  }

  /** Sends the controls that the user requested for the first stream. */
  readonly sendControls = (): void => {
    const [stream, second] = this.streams;
    if (!stream || !this.#requested.has(stream)) return;
    const action = stream.next(!second || !this.#requested.has(second));
    if (!action) return;
    this.#controls.push({ action, stream });
    this.#connection.send({ type: "stream_control", action });
  };

  /** Sends the requests that were not sent on this connection. */
  #requestAll(): void {
    const next = (): Stream | undefined =>
      this.#connection.ready ? this.streams.slice(0, LENGTH).find((stream) => !this.#requested.has(stream)) : undefined;
    let removed = false;
    for (let stream = next(); stream; stream = next()) {
      const message = stream.over ? undefined : stream.ask(this.token);
      const refused = message ? tooLarge(message as StreamRequest, this.#lane.session?.limits) : stream.loss("not_stored");
      if (message && !refused) {
        this.#requested.add(stream);
        this.#connection.send(message);
        continue;
      }
      stream.fail(refused);
      this.#remove(stream);
      removed = true;
    }
    if (this.#connection.ready) this.sendControls();
    if (removed) this.#lane.pool.freed(this.#lane);
  }

  leave(stream: Stream): void {
    this.#remove(stream);
    this.#requestAll();
    this.#lane.pool.freed(this.#lane);
  }

  #remove(stream: Stream): void {
    this.streams = this.streams.filter((other) => other !== stream);
    this.#requested.delete(stream);
    this.streams[0]?.report?.begin();
    if (this.#current === stream) this.#current = undefined;
  }

  // Messages of the service

  started(message: StreamStart): void {
    const stream = message.live ? this.#startedLive(message) : this.find(message.request_id);
    this.#current = stream;
    if (!stream) return;
    stream.token = this.token;
    if (!message.live && !stream.repeated) this.#lane.counted();
    stream.started(message);
    this.sendControls();
  }

  /** The live stream that begins; `undefined` for a reading that is not wanted, or that `watch` will replace. */
  #startedLive({ stream_id, request_id }: StreamStart): LiveStream | undefined {
    const known = this.findLive(stream_id);
    if (known && known.requestId !== request_id) return undefined;
    const stream = known ?? this.#lane.begun(stream_id);
    if (!stream) this.#connection.send({ type: "stream_control", action: "leave" });
    else if (!known && this.streams.includes(stream)) return undefined; // it is watched
    else {
      stream.sendControls = this.sendControls;
      this.streams = [stream, ...this.streams.filter((other) => other !== stream)]; // as in the queue of the service
      this.#requested.add(stream);
    }
    return stream;
  }

  /** Answers to controls, and what is known of producers; any other message has no meaning. */
  other(message: ServerMessage): void {
    if (message.type in ACTIONS) this.#answered(message as ControlAnswer);
    else if (message.type in PRODUCERS) this.#reported(message as ProducerMessage);
  }

  #reported({ type, stream_id }: ProducerMessage): void {
    this.findLive(stream_id)?.producerIs(PRODUCERS[type]);
  }

  recovered({ stream_id, recovered, reason, paused }: StreamRecovered): void {
    const stream = this.streams.find(({ streamId }) => streamId === stream_id);
    if (!stream) return;
    stream.recovering = false;
    if (reason === "unavailable" && this.token)
      // the store may become available again
      return this.#connection.reconnect(stream.loss(reason));
    if (!recovered) {
      stream.lost(reason ?? "unknown");
      return this.leave(stream);
    }
    this.#current = stream;
    stream.token = this.token;
    stream.recovered(paused ?? false);
    this.sendControls();
  }

  take({ type: _, ...chunk }: Chunk): void {
    const { index } = chunk;
    const stream = this.#current;
    if (!stream || index < stream.received) return;
    if (index > stream.received) return this.#connection.reconnect(); // the missing chunks can be recovered on another connection
    this.#connection.progressed();
    stream.take(chunk);
  }

  complete(message: StreamComplete): void {
    const stream = this.#current;
    if (!stream) return;
    if (message.total_chunks !== stream.received) return this.#connection.reconnect();
    this.#connection.progressed();
    if (stream.start?.resumable)
      this.#connection.send({ type: "ack", stream_id: message.stream_id, index: message.total_chunks - 1 });
    this.#sendReport(stream);
    stream.complete(message);
    this.leave(stream);
  }

  #sendReport({ report, streamId }: Stream): void {
    if (this.reports && report && streamId) this.#connection.send(report.message(streamId));
  }

  failed(message: ErrorMessage): void {
    if (message.code === "NO_ACTIVE_STREAM") {
      this.#controls.shift(); // the stream ended before the control arrived
      return;
    }
    const stream = this.find(message.request_id) ?? this.findLive(message.stream_id);
    if (!stream) return;
    if (message.code === "RATE_LIMIT_EXCEEDED" && !message.scope && this.#lane.pool.exhausted(this.#lane, stream)) return;
    stream.fail(StreamingError.of(message));
    this.leave(stream);
  }

  #answered(answer: ControlAnswer): void {
    const action = ACTIONS[answer.type];
    const [first] = this.streams;
    if ("stream_id" in answer && this.findLive(answer.stream_id) !== first) return; // it was not wanted
    const answers = this.#controls[0]?.action === action; // a skip in a pause has a second answer: resumed
    const meant = answers ? this.#controls.shift()!.stream : first;
    if (!first) return;
    if (action === "cancel" || action === "leave") {
      this.#connection.progressed();
      this.#sendReport(first);
      first.cancelled();
      return this.leave(first);
    }
    first.held = action === "pause";
    if (!answers && !first.held) first.sent.paused = false; // a pause that has ended with another stream is sent again
    if (meant !== first) first.sent.paused = first.held; // that stream had ended: the control will be undone
    if (first.start && first.wanted.paused === first.held) first.enter(first.held ? "paused" : "streaming");
    this.sendControls();
  }
}
