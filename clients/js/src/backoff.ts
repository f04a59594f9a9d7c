export interface BackOffOptions {
  /** Maximum of the first delay. */
  firstMs?: number;
  /** Maximum delay. */
  maxMs?: number;
  /** Consecutive attempts without progress before it gives up. */
  attempts?: number;
}

/** Exponential back-off with jitter: each delay is drawn between half of its maximum and the maximum. */
export class BackOff {
  readonly #options: Required<BackOffOptions>;
  #failures = 0;

  constructor(options: BackOffOptions = {}) {
    this.#options = { firstMs: 250, maxMs: 10_000, attempts: 12, ...options };
  }

  /** After progress: the next delay is a first one. */
  reset(): void {
    this.#failures = 0;
  }

  /** The next delay in milliseconds; `undefined` after the last attempt. */
  next(): number | undefined {
    const { firstMs, maxMs, attempts } = this.#options;
    if (this.#failures >= attempts) return undefined;
    const whole = Math.min(maxMs, firstMs * 2 ** this.#failures++);
    return whole * (0.5 + Math.random() / 2);
  }
}
