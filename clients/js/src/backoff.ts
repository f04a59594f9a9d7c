export interface BackOffOptions {
  /** Maximum of the first delay. */
  firstMs?: number;
  /** Maximum delay. */
  maxMs?: number;
  /** Consecutive attempts without progress before it gives up; without a limit by default. */
  attempts?: number;
  /** How long after the loss it gives up; by default when the service deletes the stream (`resume_ttl`), or after a minute. */
  giveUpMs?: number;
}

/** A longer request to wait is not followed: streams are stored about as long. */
const LONGEST_HINT_MS = 300_000;

/**
 * Exponential back-off with jitter: each delay is drawn between half of its maximum and the maximum. A delay that the
 * service asks for is lengthened by up to a quarter.
 */
export class BackOff {
  /** `giveUpMs`, if it is not an option. */
  giveUpMs = 300_000;
  readonly #options: BackOffOptions;
  #failures = 0;
  /** The time of the first failure since progress, by a clock that is not set. */
  #lostAt: number | undefined;

  constructor(options: BackOffOptions = {}) {
    this.#options = options;
  }

  /** After progress: the next delay is a first one, and the time to give up is not counted any more. */
  reset(): void {
    this.shorten();
    this.#lostAt = undefined;
  }

  /** The next delay is a first one. */
  shorten(): void {
    this.#failures = 0;
  }

  /** The next delay in milliseconds; `undefined` after the last attempt. `hintMs` is what the service asks for, if anything. */
  next(hintMs?: number): number | undefined {
    const { firstMs = 250, maxMs = 10_000, attempts = Infinity, giveUpMs = this.giveUpMs } = this.#options;
    this.#lostAt ??= performance.now();
    if (this.#failures >= attempts || performance.now() - this.#lostAt >= giveUpMs) return undefined;
    const whole = Math.min(maxMs, firstMs * 2 ** this.#failures++);
    if (hintMs !== undefined) return Math.min(hintMs, LONGEST_HINT_MS) * (1 + Math.random() / 4);
    return whole * (0.5 + Math.random() / 2);
  }
}
