export interface BackOffOptions {
  /** The longest first wait. */
  firstMs?: number;
  /** The longest wait of all. */
  maxMs?: number;
  /** Attempts in a row without anything gained before it gives up. */
  attempts?: number;
}

/** Waits that double, each drawn between its half and its whole, so that clients that broke off together come apart. */
export class BackOff {
  readonly #options: Required<BackOffOptions>;
  #failures = 0;

  constructor(options: BackOffOptions = {}) {
    this.#options = { firstMs: 250, maxMs: 10_000, attempts: 12, ...options };
  }

  /** Something was gained: the next wait is a first one. */
  reset(): void {
    this.#failures = 0;
  }

  /** The next wait in milliseconds; `undefined`: give up. */
  next(): number | undefined {
    const { firstMs, maxMs, attempts } = this.#options;
    if (this.#failures >= attempts) return undefined;
    const whole = Math.min(maxMs, firstMs * 2 ** this.#failures++);
    return whole * (0.5 + Math.random() / 2);
  }
}
