/** The time between chunks as the page sees it, in milliseconds. */
export class Gaps {
  readonly all: number[] = [];
  #last: number | undefined;

  arrived(now: number): void {
    if (this.#last !== undefined) this.all.push(now - this.#last);
    this.#last = now;
  }

  /** The gap that this share of all is not longer than; `undefined` without gaps. */
  quantile(share: number): number | undefined {
    const sorted = Float64Array.from(this.all).sort();
    return sorted[Math.ceil(share * sorted.length) - 1];
  }

  /** A pause is no gap. */
  interrupted(): void {
    this.#last = undefined;
  }
}

/** The pace of each speed: the gap that the service keeps. */
export const PACE_MS: Record<string, number> = { slow: 300, normal: 100, fast: 50, superfast: 30 };
