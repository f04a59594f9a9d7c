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
/**
 * Exponential back-off with jitter: each delay is drawn between half of its maximum and the maximum. A delay that the
 * service asks for is lengthened by up to a quarter.
 */
export declare class BackOff {
    #private;
    /** `giveUpMs`, if it is not an option. */
    giveUpMs: number;
    constructor(options?: BackOffOptions);
    /** After progress: the next delay is a first one, and the time to give up is not counted any more. */
    reset(): void;
    /** The next delay is a first one. */
    shorten(): void;
    /** The next delay in milliseconds; `undefined` after the last attempt. `hintMs` is what the service asks for, if anything. */
    next(hintMs?: number): number | undefined;
}
