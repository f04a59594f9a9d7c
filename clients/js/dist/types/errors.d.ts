import type { ErrorCode as ServiceErrorCode, RefusalReason } from "./protocol.js";
/** The codes of the service, and three of the client. */
export type ErrorCode = ServiceErrorCode
/** The stream broke off and cannot go on; what was received of it is right, but not all. `reason` says why. */
 | "NOT_RECOVERABLE"
/** No connection could be had, or the one that was had was refused. */
 | "CONNECTION_LOST"
/** `close()` was called. */
 | "CLIENT_CLOSED";
/** The service's words for why a stream does not go on; `not_stored`: it was never where it could be recovered from. */
export type LossReason = RefusalReason | "not_stored";
export declare class StreamingError extends Error {
    readonly code: ErrorCode;
    readonly name = "StreamingError";
    /** The connection has ended with it. */
    readonly fatal: boolean;
    /** The same may work later. */
    readonly retryable: boolean;
    readonly streamId?: string;
    readonly requestId?: string;
    /** Of `NOT_RECOVERABLE`. */
    readonly reason?: LossReason;
    constructor(code: ErrorCode, message: string, details?: {
        fatal?: boolean;
        retryable?: boolean;
        streamId?: string | undefined;
        requestId?: string | undefined;
        reason?: LossReason;
    });
}
