export interface BackOffOptions {
  /** Maximum of the first delay. */
  firstMs?: number;
  /** Maximum delay. */
  maxMs?: number;
  /** Consecutive attempts without progress before it gives up. */
  attempts?: number;
}

/** A longer request to wait is not followed: streams are stored about as long. */
const LONGEST_HINT_MS = 300_000;

/**
 * Exponential back-off with jitter: each delay is drawn between half of its maximum and the maximum. A delay that the
 * service asks for is lengthened by up to a quarter.
 */
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

  /** The next delay in milliseconds; `undefined` after the last attempt. `hintMs` is what the service asks for, if anything. */
  next(hintMs?: number): number | undefined {
    const { firstMs, maxMs, attempts } = this.#options;
    if (this.#failures >= attempts) return undefined;
    const whole = Math.min(maxMs, firstMs * 2 ** this.#failures++);
    if (hintMs !== undefined) return Math.min(hintMs, LONGEST_HINT_MS) * (1 + Math.random() / 4);
    return whole * (0.5 + Math.random() / 2);
  }
}
