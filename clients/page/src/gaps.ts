/** The time between chunks in milliseconds, measured on the page. */
export class Gaps {
  readonly all: number[] = [];
  /** The places in `all` at which the connection was lost in between. */
  readonly breaks = new Set<number>();
  #last: number | undefined;
  #broken = false;

  arrived(now: number): void {
    if (this.#last !== undefined) {
      if (this.#broken) this.breaks.add(this.all.length);
      this.all.push(now - this.#last);
    }
    this.#last = now;
    this.#broken = false;
  }

  /** The quantile of the gaps without lost connections; `undefined` without gaps. */
  quantile(share: number): number | undefined {
    const sorted = Float64Array.from(this.all.filter((_gap, place) => !this.breaks.has(place))).sort();
    return sorted[Math.ceil(share * sorted.length) - 1];
  }

  /** A pause is not a gap. */
  interrupted(): void {
    this.#last = undefined;
  }

  /** The connection is lost. The gap until the next chunk is one, of its own kind. */
  broke(): void {
    this.#broken = true;
  }
}

/** The pace of each speed: the gap between chunks. */
export const PACE_MS: Record<string, number> = { slow: 300, normal: 100, fast: 50, superfast: 30 };
