import type { ClientReport } from "./protocol.js";
/** What the reader of a stream has to wait for, measured where it is felt. */
export declare class Report {
    #private;
    breaks: number;
    /** The stream is the first in the queue. */
    begin(): void;
    /** A pause has ended. */
    wait(): void;
    pause(): void;
    /** A chunk has arrived. */
    take(): void;
    message(streamId: string): ClientReport;
}
