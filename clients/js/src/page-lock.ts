/** The page that is left may release its lock a little later than the next one asks for it. */
const LEAVE_MS = 1000;

/**
 * A lock that one page of an origin has at a time. Without the Web Locks API (without https, and in old browsers) every
 * page gets it.
 */
export class PageLock {
  readonly #locks = globalThis.navigator?.locks as LockManager | undefined;
  name = "";
  #leave: (() => void) | undefined;

  get supported(): boolean {
    return this.#locks !== undefined;
  }

  /** Whether this page has got the lock: another page does not let go of it while it is shown. */
  take(name: string): Promise<boolean> {
    this.release();
    this.name = name;
    const locks = this.#locks;
    if (!locks) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiting = new AbortController();
      const limit = setTimeout(() => waiting.abort(), LEAVE_MS);
      const left = new Promise<void>((leave) => (this.#leave = leave));
      const taken = (): Promise<void> => {
        clearTimeout(limit);
        resolve(true);
        return left;
      };
      locks.request(`streaming-content ${name}`, { signal: waiting.signal }, taken).catch(() => resolve(false));
    });
  }

  release(): void {
    this.#leave?.();
  }
}
