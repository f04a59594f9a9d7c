export interface BackOffOptions {
    /** The longest first wait. */
    firstMs?: number;
    /** The longest wait of all. */
    maxMs?: number;
    /** Attempts in a row without anything gained before it gives up. */
    attempts?: number;
}
/** Waits that double, each drawn between its half and its whole, so that clients that broke off together come apart. */
export declare class BackOff {
    #private;
    constructor(options?: BackOffOptions);
    /** Something was gained: the next wait is a first one. */
    reset(): void;
    /** The next wait in milliseconds; `undefined`: give up. */
    next(): number | undefined;
}
