import type { ClientReport } from "./protocol.js";

/** The bounds of the service. */
const MOST_MS = 600_000;
const MOST_BREAKS = 100;

/** What the reader of a stream has to wait for, measured where it is felt. */
export class Report {
  breaks = 0;
  #firstMs: number | undefined;
  #longestMs: number | undefined;
  #begun = false;
  #received = false;
  /** When the current wait began; `undefined` in a pause, and before the turn of the stream. */
  #since: number | undefined;
  /** The part of the wait before a pause. */
  #waitedMs = 0;

  /** The stream is the first in the queue. */
  begin(): void {
    if (!this.#begun) this.wait();
    this.#begun = true;
  }

  /** A pause has ended. */
  wait(): void {
    this.#since ??= performance.now();
  }

  pause(): void {
    if (this.#since !== undefined) this.#waitedMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** A chunk has arrived. */
  take(): void {
    this.pause();
    if (this.#received) this.#longestMs = Math.max(this.#longestMs ?? 0, this.#waitedMs);
    else this.#firstMs = this.#waitedMs;
    this.#received = true;
    this.#waitedMs = 0;
    this.wait();
  }

  message(streamId: string): ClientReport {
    return {
      type: "client_report",
      stream_id: streamId,
      ...(this.#firstMs !== undefined && { first_chunk_ms: bounded(this.#firstMs) }),
      ...(this.#longestMs !== undefined && { longest_gap_ms: bounded(this.#longestMs) }),
      breaks: Math.min(this.breaks, MOST_BREAKS),
    };
  }
}

function bounded(milliseconds: number): number {
  return Math.min(Math.round(milliseconds), MOST_MS);
}
