/** The time between chunks in milliseconds, measured on the page. */
export class Gaps {
  readonly all: number[] = [];
  #last: number | undefined;

  arrived(now: number): void {
    if (this.#last !== undefined) this.all.push(now - this.#last);
    this.#last = now;
  }

  /** The quantile of the gaps; `undefined` without gaps. */
  quantile(share: number): number | undefined {
    const sorted = Float64Array.from(this.all).sort();
    return sorted[Math.ceil(share * sorted.length) - 1];
  }

  /** A pause is not a gap. */
  interrupted(): void {
    this.#last = undefined;
  }
}

/** The pace of each speed: the gap between chunks. */
export const PACE_MS: Record<string, number> = { slow: 300, normal: 100, fast: 50, superfast: 30 };
