import { type Pooling } from "./pool.js";
export interface ParallelOptions {
    /**
     * Whether requests go on in a new session when the session has none left. `true`: its id is that of the first one and
     * a random suffix; a function returns another id.
     */
    rollover?: boolean | (() => string);
}
/**
 * For the option `pool` of a client: this number of streams runs at a time, each on a connection of its own; the others
 * wait. A paused stream holds up no other, unless all connections have one.
 */
export declare function parallel(connections: number, options?: ParallelOptions): Pooling;
