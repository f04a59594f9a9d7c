import type { Watch, StreamStart as StreamStartMessage } from "./protocol.js";
import { readFields } from "./requests.js";
import { Stream } from "./stream.js";
import type { Chunk, ReadOptions } from "./stream-options.js";

/** `stalled`: silent for some seconds; `interrupted`: lost, but another one may go on. */
export type ProducerState = "writing" | "stalled" | "interrupted";

export interface WatchOptions extends ReadOptions {
  /** The last `settled` of an earlier reading of which everything before is kept; 0 by default. */
  settled?: number;
  onProducer?: (state: ProducerState) => void;
}

/**
 * A live stream: content that is still being written. Its chunks are shown like this: keep `kept.slice(0, from) + data`, or
 * without `from` append, and show it with `close` behind it. It survives lost connections, as it is watched again from
 * `settled` on; so a chunk may replace what was received last.
 */
export class LiveStream extends Stream {
  /** What was received before this offset will not change. */
  settled: number;
  producer: ProducerState = "writing";
  /** @internal Whether the answer to `watch` is pending; what arrives before is of an earlier reading. */
  watching = false;
  readonly #watch: Omit<Watch, "settled">;
  /** Where the first chunk of a reading follows, until it has arrived. */
  #begin: number | undefined;

  /** @internal */
  constructor(
    streamId: string,
    options: WatchOptions & { requestId: string },
    watch: Watch = { type: "watch", stream_id: streamId, ...readFields(options) },
  ) {
    super(watch, options);
    this.#watch = watch;
    this.settled = options.settled ?? 0;
  }

  override get streamId(): string {
    return this.#watch.stream_id;
  }

  /** Ends the reading; the stream goes on for others. `cancel` ends it for all. */
  leave(): void {
    this.want("leave");
    if (this.state === "waiting" || this.state === "broken") this.cancelled();
  }

  /** @internal */
  override abandon(): void {
    this.leave();
  }

  /** @internal */
  override ask(): Watch {
    this.held = false;
    this.watching = true;
    this.sent = { paused: false };
    return { ...this.#watch, settled: this.settled };
  }

  /** @internal */
  override started(message: StreamStartMessage): void {
    this.watching = false;
    this.received = 0;
    if (message.settled || this.start) this.#begin = message.settled ?? 0;
    this.producerIs("writing");
    if (this.start) this.enter("streaming");
    else super.started(message);
  }

  /** @internal */
  override take(chunk: Chunk): void {
    const { settled = this.settled } = chunk;
    this.settled = settled;
    if (this.#begin !== undefined) chunk = { from: this.#begin, ...chunk };
    this.#begin = undefined;
    super.take(chunk);
  }

  /** @internal */
  producerIs(producer: ProducerState): void {
    if (this.producer === producer) return;
    this.producer = producer;
    this.emit("producer", producer);
  }
}
