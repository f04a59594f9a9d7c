import { Stream } from "./stream.js";
import type { ReadOptions } from "./stream-options.js";
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
export declare class LiveStream extends Stream {
    #private;
    /** What was received before this offset will not change. */
    settled: number;
    producer: ProducerState;
    get streamId(): string;
    /** Ends the reading; the stream goes on for others. `cancel` ends it for all. */
    leave(): void;
}
