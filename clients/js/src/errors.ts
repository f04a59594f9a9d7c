import type { ErrorCode as ServiceErrorCode, ErrorMessage, QuotaKind, RefusalReason } from "./protocol.js";

/** The codes of the service and six of the client. */
export type ErrorCode =
  | ServiceErrorCode
  /** The stream was interrupted and cannot be recovered; the received part is correct. `reason` has the cause. */
  | "NOT_RECOVERABLE"
  /** No connection could be opened, or it was refused. */
  | "CONNECTION_LOST"
  /** The service answers, but refuses the handshake: the origin of the page, or the session. It is not asked again for a minute. */
  | "CONNECTION_REFUSED"
  /** Nothing was sent: there is no `WebSocket`, or the url is not one. */
  | "CONNECTION_IMPOSSIBLE"
  /** `getToken` failed, took too long or returned none; `cause` has its error. */
  | "TOKEN_UNAVAILABLE"
  /** `close()` was called. */
  | "CLIENT_CLOSED";

/** Why a stream is not recovered: a reason of the service, or `not_stored` if it was not stored. */
export type LossReason = RefusalReason | "not_stored";

interface Details {
  fatal?: boolean;
  retryable?: boolean;
  retryAfterMs?: number | undefined;
  scope?: QuotaKind | undefined;
  streamId?: string | undefined;
  requestId?: string | undefined;
  reason?: LossReason;
  cause?: unknown;
}

export class StreamingError extends Error {
  override readonly name = "StreamingError";
  /** Whether the connection closes after it. */
  declare readonly fatal: boolean;
  /** Whether a repetition may succeed. */
  declare readonly retryable: boolean;
  /** The milliseconds after which it may, if the service names them. */
  declare readonly retryAfterMs?: number;
  /** The quota of the user or the address that is used up, with `RATE_LIMIT_EXCEEDED`. */
  declare readonly scope?: QuotaKind;
  declare readonly streamId?: string;
  declare readonly requestId?: string;
  /** Set with `NOT_RECOVERABLE`. */
  declare readonly reason?: LossReason;

  constructor(readonly code: ErrorCode, message: string, details: Details = {}) {
    super(message);
    Object.assign(this, { fatal: false, retryable: false }, details);
  }

  /** @internal */
  static of(message: ErrorMessage): StreamingError {
    const { retry_after_ms: retryAfterMs, stream_id: streamId, request_id: requestId, fatal, retryable, scope } = message;
    return new StreamingError(message.code, message.message, { fatal, retryable, retryAfterMs, scope, streamId, requestId });
  }
}
