/** Content to stream. */
export interface StreamRequest {
    type: "stream_request";
    /** Blank content is `EMPTY_CONTENT`; over `max_content_size` bytes of UTF-8 are `CONTENT_TOO_LARGE`. */
    content: string;
    /** HTML is sanitised; Markdown is converted to HTML. */
    content_type?: ContentType;
    /** The pace of the stream. */
    speed?: Speed;
    /** The unit by which the content is split. */
    chunk_by?: ChunkBy;
    /** How HTML is split. It has no effect on text. */
    html_mode?: HtmlMode;
    /** A label that the client chooses. All messages that answer the request repeat it; without it, the field is absent there. */
    request_id?: string;
    /** The trace of the client, which the stream joins. */
    trace?: TraceHeaders;
    /** The `resume_token` of the connection that first sent this `request_id`: it is then the same request. */
    token?: string;
}
/**
 * - `text`: plain text, streamed unchanged
 * - `html`: HTML; elements and attributes that are not allowed are removed
 * - `markdown`: GitHub Flavored Markdown, streamed as HTML
 */
export type ContentType = "text" | "html" | "markdown";
/**
 * - `slow`: 300 ms between two chunks
 * - `normal`: 100 ms between two chunks
 * - `fast`: 50 ms between two chunks
 * - `superfast`: 30 ms between two chunks
 * - `adaptive`: one of the others, chosen by the complexity of the content; for a live stream, as it arrives
 */
export type Speed = "slow" | "normal" | "fast" | "superfast" | "adaptive";
/**
 * - `word`: split between words
 * - `sentence`: split between sentences
 * - `paragraph`: split between paragraphs
 * - `character`: split between grapheme clusters
 */
export type ChunkBy = "word" | "sentence" | "paragraph" | "character";
/**
 * - `fragment`: each chunk is complete HTML by itself: append it
 * - `incremental`: chunks split elements too: show all data received, followed by the last `close`
 */
export type HtmlMode = "fragment" | "incremental";
/** A W3C trace context, as a client sends it. */
export interface TraceHeaders {
    /** The `traceparent` of W3C Trace Context; ignored if invalid. */
    traceparent?: string;
    /** The `tracestate` of W3C Trace Context; ignored if invalid. */
    tracestate?: string;
}
/** A control of the stream that runs or starts next. */
export interface StreamControl {
    type: "stream_control";
    /** The operation on the stream. */
    action: ControlAction;
}
/**
 * - `pause`: send no chunk until `resume`; answered by `stream_paused`
 * - `resume`: end a pause; answered by `stream_resumed`
 * - `skip`: send the rest at once; answered by `stream_skipped`, and by `stream_resumed` after a pause
 * - `cancel`: end the stream, a live one for all; answered by `stream_cancelled`
 * - `leave`: end the reading of a live stream, which goes on for others; answered by `stream_left`
 */
export type ControlAction = "pause" | "resume" | "skip" | "cancel" | "leave";
/** Continue a stream on this connection that was interrupted, or has ended, on another one. */
export interface Recover {
    type: "recover";
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** The index of the last chunk received; -1 for none. */
    last_index: number;
    /** The `resume_token` of a connection on which the stream was started or recovered. */
    token: string;
}
/**
 * Read a live stream of the session from a position on. It takes its turn like a request, and costs none.
 *
 *     It replaces an earlier `watch` of the same stream, and a live stream that was sent without one.
 */
export interface Watch {
    type: "watch";
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** The last `settled` received of this stream, in the same `html_mode`: the client has what is before. */
    settled?: number;
    /** How HTML is sent. Without it, as in the last request or `watch` of the connection, else `fragment`. */
    html_mode?: HtmlMode;
    /** Without it, that of the producer. */
    chunk_by?: ChunkBy;
    /** The pace of this reader. Without it, that of the producer. */
    speed?: Speed;
    /** A label that the client chooses. All messages that answer the request repeat it; without it, the field is absent there. */
    request_id?: string;
}
/** Confirms all chunks up to an index. Optional: after the last index the service deletes the stored stream. */
export interface Ack {
    type: "ack";
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** The index of the last chunk received. */
    index: number;
}
/** What a client measured of a stream that has just ended on this connection. Optional, and once for a stream. */
export interface ClientReport {
    type: "client_report";
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** Milliseconds to the first chunk from the request, or from the end of the stream before it, less pauses. */
    first_chunk_ms?: number;
    /** The longest time between two chunks in milliseconds, less pauses; lost connections included. */
    longest_gap_ms?: number;
    /** The number of times that the connection was lost during the stream. */
    breaks?: number;
}
/** The token of a client that sends it neither in a header nor as a subprotocol: its first message. */
export interface Auth {
    type: "auth";
    /** A JSON Web Token or an API key. */
    token: string;
}
/** A new token of the same user, in place of the one that ends. The connection and its streams go on. */
export interface AuthRefresh {
    type: "auth_refresh";
    /** Of the same issuer, subject and space, and valid for the session. */
    token: string;
}
/** Request a `pong`. Like every message, it restarts the idle time. */
export interface Ping {
    type: "ping";
}
/** Request a `heartbeat_ack`, which contains the session id. */
export interface Heartbeat {
    type: "heartbeat";
}
/** Sent once and first: the session, its limits and what is left of them. */
export interface Connected {
    type: "connected";
    /** The session id, as in the path. */
    session_id: string;
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The limits in force. */
    limits: SessionLimits;
    /** The version of the service. */
    version: string;
    /** The number of requests that the session may still send. */
    requests_left: number;
    /** The deadline of the session. */
    session_expires_at: string;
    /** A secret to recover the streams of this connection on another; absent where content is not stored. */
    resume_token?: string;
    /** True if the service evaluates `client_report`; else absent. */
    client_reports?: boolean;
    /** When the token expires, in the format of `timestamp`. */
    auth_expires_at?: string;
}
/** The limits in force. */
export interface SessionLimits {
    /** Requests of a session. */
    max_requests: number;
    /** Bytes of UTF-8 in the content of a request. */
    max_content_size: number;
    /** Seconds from the first connection of a session. */
    max_session_duration: number;
    /** Seconds without a message while no stream runs. */
    idle_timeout: number;
    /** Seconds without progress in what the client receives. */
    chunk_timeout: number;
    /** Characters of a chunk; HTML that cannot be split may be longer. */
    max_chunk_size: number;
    /** Seconds after its interruption in which a stream can be recovered. */
    resume_ttl: number;
}
/**
 * The content of the request is prepared, and its chunks follow; or a live stream begins.
 *
 *     A live stream may begin without a request. All numbers in its `metadata` are 0.
 */
export interface StreamStart {
    type: "stream_start";
    /** The number of planned chunks; a skip reduces it. 0 for a live stream. */
    total_chunks: number;
    /** The format, as in the request. */
    content_type: ContentType;
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** The trace id of the stream: that of a valid `traceparent` of the request, else a new one. */
    trace_id: string;
    /** Whether the stream is stored, so that another connection can recover it. */
    resumable: boolean;
    /** Statistics of the prepared content. */
    metadata: StreamMetadata;
    /** A label that the client chooses. All messages that answer the request repeat it; without it, the field is absent there. */
    request_id?: string;
    /** True for a live stream, whose content is still being written; else absent. */
    live?: boolean;
    /** Of a live stream: the first chunk follows after this number of UTF-16 code units of what the client has. Drop what is after them. */
    settled?: number;
}
/** Statistics of the prepared content. */
export interface StreamMetadata {
    /** From tags and words; it determines the `adaptive` speed. */
    complexity: Complexity;
    /** Words of the visible text. */
    word_count: number;
    /** Whether the prepared content is HTML that contains elements. */
    has_html: boolean;
    /** The speed of the stream: the requested one, or that of `adaptive`. */
    speed_used: Speed;
    /** Milliseconds of the preparation. */
    processing_time_ms: number;
    /** The mean length of the planned chunks, in characters. */
    avg_chunk_size: number;
    /** The length of the longest planned chunk, in characters. */
    max_chunk_size: number;
    /** Equal to `total_chunks`. */
    chunk_count: number;
    /** Milliseconds from the first chunk to the last, without pause or skip. */
    estimated_duration_ms: number;
}
/**
 * - `low`: `adaptive` is `superfast`
 * - `medium`: `adaptive` is `fast`
 * - `high`: `adaptive` is `normal`
 */
export type Complexity = "low" | "medium" | "high";
/** The answer to `recover`: the position at which the stream continues, or the reason why it does not. */
export interface StreamRecovered {
    type: "stream_recovered";
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** Whether the stream continues; if it does not, `reason` is present. */
    recovered: boolean;
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** Why the stream is not recovered. */
    reason?: RefusalReason;
    /** The index of the next chunk, or the number of chunks. */
    next_index?: number;
    /** Whether the stream is paused until `resume`. */
    paused?: boolean;
    /** The number of planned chunks; a skip reduces it. 0 for a live stream. */
    total_chunks?: number;
    /** The trace id of the stream: that of a valid `traceparent` of the request, else a new one. */
    trace_id?: string;
    /** A label that the client chooses. All messages that answer the request repeat it; without it, the field is absent there. */
    request_id?: string;
}
/**
 * - `unknown`: the stream does not exist, has expired, or does not belong to the token
 * - `session_over`: the session of the stream has ended
 * - `position`: no chunk has the index `last_index`, or its successor cannot be determined
 * - `running`: the stream runs or waits on this connection
 * - `version`: another version of the service stored the stream, in a format that this one cannot read
 * - `unavailable`: the store is unavailable, or content is not stored; a later attempt may succeed
 */
export type RefusalReason = "unknown" | "session_over" | "position" | "running" | "version" | "unavailable";
/** One piece of the prepared content. The data of all chunks in order is the whole of it. */
export interface Chunk {
    type: "chunk";
    /** The piece: text, or sanitised HTML. */
    data: string;
    /** The position in the stream: from 0, without a gap. */
    index: number;
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** In `html_mode` `incremental`: the end tags of the elements that are open after this chunk. */
    close?: string;
    /** Of a live stream: what is before this number of UTF-16 code units never changes. */
    settled?: number;
    /** Of a live stream in `html_mode` `incremental`: the data replaces all after this number of UTF-16 code units. Without it, the data is appended. */
    from?: number;
}
/** All chunks of the stream were sent. */
export interface StreamComplete {
    type: "stream_complete";
    /** The number of chunks: the last index + 1. */
    total_chunks: number;
    /** The session id, as in the path. */
    session_id: string;
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** Statistics of the stream. */
    metadata: CompletionMetadata;
    /** A label that the client chooses. All messages that answer the request repeat it; without it, the field is absent there. */
    request_id?: string;
    /** True for a live stream, whose content is still being written; else absent. */
    live?: boolean;
}
/** Statistics of a complete stream. */
export interface CompletionMetadata {
    /** Milliseconds since `stream_start` or `stream_recovered`. */
    duration_ms: number;
    /** Bytes of UTF-8 in the data of all chunks. */
    bytes: number;
    /** Whether the stream was skipped. */
    skipped: boolean;
}
/** No chunk follows until `stream_resumed`. */
export interface StreamPaused {
    type: "stream_paused";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
}
/** The stream continues at its pace. */
export interface StreamResumed {
    type: "stream_resumed";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
}
/** The rest follows at once, merged into as few chunks as the limit of a chunk allows. */
export interface StreamSkipped {
    type: "stream_skipped";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
}
/** The stream has ended, and the next waiting request starts. */
export interface StreamCancelled {
    type: "stream_cancelled";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id?: string;
}
/** The reading of a live stream has ended, and the next waiting request starts. `watch` continues it. */
export interface StreamLeft {
    type: "stream_left";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
}
/** The producer of the live stream is silent. More may follow at any time. */
export interface StreamStalled {
    type: "stream_stalled";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** The number of seconds for which it has been silent. */
    seconds: number;
}
/** The producer of the live stream is lost. The stream continues if another one adopts it in time. */
export interface StreamInterrupted {
    type: "stream_interrupted";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
    /** When the stream ends with `PRODUCER_FAILED` if no producer adopts it. */
    until: string;
}
/** The live stream has a producer again, after `stream_stalled` or `stream_interrupted`. */
export interface StreamContinued {
    type: "stream_continued";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id: string;
}
/** The token expires soon: send `auth_refresh`. Without it the connection closes. */
export interface AuthExpiring {
    type: "auth_expiring";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** When the token expires, in the format of `timestamp`. */
    expires_at: string;
    /** Whole seconds until then. */
    seconds_left: number;
}
/** The token of an `auth_refresh` holds from now on. */
export interface AuthRefreshed {
    type: "auth_refreshed";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** When the token expires, in the format of `timestamp`. */
    expires_at?: string;
}
/** The answer to `ping`, sent at once, also during a stream. */
export interface Pong {
    type: "pong";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
}
/** The answer to `heartbeat`. */
export interface HeartbeatAck {
    type: "heartbeat_ack";
    /** The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`. */
    timestamp: string;
    /** The session id, as in the path. */
    session_id: string;
}
/** An error. It has no other effect, unless it is fatal. */
export interface ErrorMessage {
    type: "error";
    /** The code, for programs. */
    code: ErrorCode;
    /** A sentence with the remedy, for people. Its wording may change. */
    message: string;
    /** Whether the service closes the connection after it. */
    fatal: boolean;
    /** Whether the same message may succeed later. */
    retryable: boolean;
    /** A label that the client chooses. All messages that answer the request repeat it; without it, the field is absent there. */
    request_id?: string;
    /** The id of the stream, as in its `stream_start`, in logs and in errors. */
    stream_id?: string;
    /** The milliseconds after which the same message may succeed; only of some retryable errors. */
    retry_after_ms?: number;
    /** The quota of the user or the address that is used up. */
    scope?: QuotaKind;
}
/**
 * - `RATE_LIMIT_EXCEEDED`: The session has used all its requests. The user or the address has used up a quota, which `scope` names. Repeat the request after `retry_after_ms`. The user or the address has opened too many connections or sessions. Reconnect after `retry_after_ms`.
 * - `SESSION_TIMEOUT`: The session has ended.
 * - `IDLE_TIMEOUT`: The connection was idle for `IDLE_TIMEOUT`.
 * - `CONTENT_TOO_LARGE`: The content is longer than `MAX_CONTENT_SIZE`.
 * - `INVALID_CONTENT_TYPE`: The `content_type` is unknown.
 * - `INVALID_CHUNK_STRATEGY`: The `chunk_by` is unknown.
 * - `INVALID_CONTROL_ACTION`: The `action` is unknown or missing.
 * - `CHUNKING_ERROR`: The content grew past `PROCESSOR_MAX_CONTENT_SIZE` during its conversion. The content could not be split. A fault of the service, which reports it and streams the content unsplit.
 * - `PROCESSING_ERROR`: The content takes more than `CONTENT_CPU_LIMIT` or `CONTENT_MEMORY_LIMIT` to prepare. The content could not be processed: a fault of the service.
 * - `STREAM_ERROR`: The client received no data for `CHUNK_TIMEOUT`. It rarely receives this message.
 * - `EMPTY_CONTENT`: The content is empty or only white space, or is empty after sanitising.
 * - `UNKNOWN_MESSAGE_TYPE`: The `type` is unknown or missing.
 * - `INTERNAL_ERROR`: A fault of the service. The message contains the id under which it was recorded, and no text of the exception.
 * - `INVALID_MESSAGE`: The frame does not contain a message of the protocol. It is binary, not JSON, not an object or nested too deeply, or a field has the wrong type or is out of bounds. Also: a `request_id` is repeated with other content, or while its stream runs or waits on this connection; an `ack` names a chunk that was not sent.
 * - `INVALID_SPEED`: The `speed` is unknown.
 * - `INVALID_HTML_MODE`: The `html_mode` is unknown.
 * - `QUEUE_FULL`: The queue of this connection has no place for another request.
 * - `NO_ACTIVE_STREAM`: A control without a stream, or an `ack` of a stream that this connection did not complete.
 * - `OVER_CAPACITY`: The server has no free connection, or no memory for what this one sends.
 * - `STREAM_TAKEN_OVER`: Another connection has recovered the stream of this one.
 * - `INPUT_LIMIT_EXCEEDED`: The client sent more frames than `MAX_FRAME_RATE`, or more bytes than `MAX_BYTE_RATE`, allows.
 * - `MESSAGE_TIMEOUT`: A message was not finished: nothing of it arrived for `MESSAGE_STALL_TIMEOUT`, or it took `MESSAGE_TIMEOUT`.
 * - `SERVER_BUSY`: The server has too much content to prepare, or cannot read the live stream. Repeat it after `retry_after_ms`.
 * - `UNAUTHENTICATED`: The token in an `auth_refresh` is not valid, or is of another user. The connection keeps its token. The service needs a token and has received none in time, or one that is not valid.
 * - `TOKEN_EXPIRED`: The token of the connection has expired: connect with a new one.
 * - `TOKEN_REVOKED`: The token was revoked: the user has to sign in again.
 * - `FORBIDDEN`: The token does not allow this message. The connection stays open. The token does not allow to enter the session, or another secret reserves it.
 * - `AUTH_UNAVAILABLE`: The token cannot be checked at the moment. Reconnect in some seconds.
 * - `UNKNOWN_STREAM`: The session has no such live stream: it does not exist, or has ended over `RESUME_TTL` ago.
 * - `PRODUCER_FAILED`: The producer of the live stream ended it after an error, or was lost. All that it has written was sent before.
 */
export type ErrorCode = "RATE_LIMIT_EXCEEDED" | "SESSION_TIMEOUT" | "IDLE_TIMEOUT" | "CONTENT_TOO_LARGE" | "INVALID_CONTENT_TYPE" | "INVALID_CHUNK_STRATEGY" | "INVALID_CONTROL_ACTION" | "CHUNKING_ERROR" | "PROCESSING_ERROR" | "STREAM_ERROR" | "EMPTY_CONTENT" | "UNKNOWN_MESSAGE_TYPE" | "INTERNAL_ERROR" | "INVALID_MESSAGE" | "INVALID_SPEED" | "INVALID_HTML_MODE" | "QUEUE_FULL" | "NO_ACTIVE_STREAM" | "OVER_CAPACITY" | "STREAM_TAKEN_OVER" | "INPUT_LIMIT_EXCEEDED" | "MESSAGE_TIMEOUT" | "SERVER_BUSY" | "UNAUTHENTICATED" | "TOKEN_EXPIRED" | "TOKEN_REVOKED" | "FORBIDDEN" | "AUTH_UNAVAILABLE" | "UNKNOWN_STREAM" | "PRODUCER_FAILED";
/**
 * - `connections`: connections opened
 * - `sessions`: sessions created
 * - `requests`: requests admitted
 * - `content_time`: milliseconds of content work
 * - `stored_size`: KiB of streams stored
 */
export type QuotaKind = "connections" | "sessions" | "requests" | "content_time" | "stored_size";
export type ClientMessage = StreamRequest | StreamControl | Recover | Watch | Ack | ClientReport | Auth | AuthRefresh | Ping | Heartbeat;
export type ServerMessage = Connected | StreamStart | StreamRecovered | Chunk | StreamComplete | StreamPaused | StreamResumed | StreamSkipped | StreamCancelled | StreamLeft | StreamStalled | StreamInterrupted | StreamContinued | AuthExpiring | AuthRefreshed | Pong | HeartbeatAck | ErrorMessage;
/** The client closed the connection. */
export declare const CLOSE_NORMAL = 1000;
/** A browser left the page, or a proxy shuts down. */
export declare const CLOSE_PEER_LEFT = 1001;
/** A frame that violates RFC 6455. */
export declare const CLOSE_PROTOCOL_ERROR = 1002;
/** A proxy does not accept this type of data. */
export declare const CLOSE_UNSUPPORTED_DATA = 1003;
/** A close frame without a code, as a library reports it. */
export declare const CLOSE_NO_CODE = 1005;
/** A lost connection without a close frame, as a library reports it. */
export declare const CLOSE_ABNORMAL = 1006;
/** A text frame that is not UTF-8. */
export declare const CLOSE_INVALID_TEXT = 1007;
/** A proxy refuses the connection. */
export declare const CLOSE_POLICY_VIOLATION = 1008;
/** A frame over the frame limit. */
export declare const CLOSE_FRAME_TOO_LARGE = 1009;
/** An internal error, or no answer to a WebSocket ping of the service. */
export declare const CLOSE_INTERNAL_ERROR = 1011;
/** The server restarts; another connection can recover the streams. */
export declare const CLOSE_RESTART = 1012;
/** The session has ended. */
export declare const CLOSE_SESSION_OVER = 4010;
/** The server has no free connection, or no memory for input. */
export declare const CLOSE_OVER_CAPACITY = 4101;
/** The client received no data for `CHUNK_TIMEOUT`. */
export declare const CLOSE_SLOW_CLIENT = 4102;
/** Another connection has recovered the stream. */
export declare const CLOSE_TAKEN_OVER = 4103;
/** The client exceeded `MAX_FRAME_RATE` or `MAX_BYTE_RATE`. */
export declare const CLOSE_INPUT_LIMIT = 4104;
/** A message exceeded `MESSAGE_STALL_TIMEOUT` or `MESSAGE_TIMEOUT`. */
export declare const CLOSE_MESSAGE_TIMEOUT = 4105;
/** The connection was idle for `IDLE_TIMEOUT`. */
export declare const CLOSE_IDLE = 4111;
/** The client sent no valid token within `AUTH_TIMEOUT`. */
export declare const CLOSE_UNAUTHENTICATED = 4121;
/** The token has expired; connect with a new one. */
export declare const CLOSE_TOKEN_EXPIRED = 4122;
/** The token was revoked. */
export declare const CLOSE_TOKEN_REVOKED = 4123;
/** The token does not allow to enter this session. */
export declare const CLOSE_FORBIDDEN = 4124;
/** The token cannot be checked at the moment. */
export declare const CLOSE_AUTH_UNAVAILABLE = 4125;
/** The user or the address has opened too many connections or sessions. */
export declare const CLOSE_QUOTA_REACHED = 4126;
/** After these, the next connection would end in the same way. */
export declare const FINAL_CLOSE_CODES: readonly number[];
