export interface BackOffOptions {
    /** Maximum of the first delay. */
    firstMs?: number;
    /** Maximum delay. */
    maxMs?: number;
    /** Consecutive attempts without progress before it gives up. */
    attempts?: number;
}
/**
 * Exponential back-off with jitter: each delay is drawn between half of its maximum and the maximum. A delay that the
 * service asks for is lengthened by up to a quarter.
 */
export declare class BackOff {
    #private;
    constructor(options?: BackOffOptions);
    /** After progress: the next delay is a first one. */
    reset(): void;
    /** The next delay in milliseconds; `undefined` after the last attempt. `hintMs` is what the service asks for, if anything. */
    next(hintMs?: number): number | undefined;
}
