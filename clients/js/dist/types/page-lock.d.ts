/**
 * A lock that one page of an origin has at a time. Without the Web Locks API (without https, and in old browsers) every
 * page gets it.
 */
export declare class PageLock {
    #private;
    name: string;
    get supported(): boolean;
    /** Whether this page has got the lock: another page does not let go of it while it is shown. */
    take(name: string): Promise<boolean>;
    release(): void;
}
