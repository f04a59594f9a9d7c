// The messages of the protocol on the wire, as far as the client reads them. docs/protocol.md explains them.

export type ContentType = "text" | "html" | "markdown";
export type Speed = "slow" | "normal" | "fast" | "superfast" | "adaptive";
export type ChunkBy = "word" | "sentence" | "paragraph" | "character";
export type HtmlMode = "fragment" | "incremental";
export type RefusalReason = "unknown" | "session_over" | "position" | "running" | "version" | "unavailable";

/** A W3C trace context: https://www.w3.org/TR/trace-context/ */
export interface Trace {
  traceparent: string;
  tracestate?: string;
}

/** Sizes in bytes (content) and characters (chunk), times in seconds. */
export interface Limits {
  max_requests: number;
  max_content_size: number;
  max_session_duration: number;
  idle_timeout: number;
  chunk_timeout: number;
  max_chunk_size: number;
}

/** What the content turned out to be; sizes in characters. */
export interface StreamMetadata {
  complexity: "low" | "medium" | "high";
  word_count: number;
  has_html: boolean;
  speed_used: Speed;
  processing_time_ms: number;
  avg_chunk_size: number;
  max_chunk_size: number;
  chunk_count: number;
  estimated_duration_ms: number;
}

/** One piece of the content. */
export interface Chunk {
  data: string;
  /** From 0, without a gap. */
  index: number;
  timestamp: string;
  /** In incremental mode: the end tags of what is open after this chunk. */
  close?: string;
}

export interface ConnectedMessage {
  type: "connected";
  session_id: string;
  limits: Limits;
  version: string;
  requests_left: number;
  session_expires_at: string;
  resume_token?: string;
}

export interface StartMessage {
  type: "stream_start";
  total_chunks: number;
  content_type: ContentType;
  stream_id: string;
  trace_id: string;
  resumable: boolean;
  metadata: StreamMetadata;
  request_id: string;
}

export interface RecoveredMessage {
  type: "stream_recovered";
  stream_id: string;
  recovered: boolean;
  reason?: RefusalReason;
  next_index?: number;
  paused?: boolean;
}

export interface CompleteMessage {
  type: "stream_complete";
  total_chunks: number;
  stream_id: string;
  metadata: { duration_ms: number; bytes: number; skipped: boolean };
}

export interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
  fatal: boolean;
  retryable: boolean;
  request_id?: string;
  stream_id?: string;
}

export interface ControlAnswer {
  type: "stream_paused" | "stream_resumed" | "stream_skipped" | "stream_cancelled";
}

export type ServerMessage =
  | ConnectedMessage
  | StartMessage
  | RecoveredMessage
  | (Chunk & { type: "chunk" })
  | CompleteMessage
  | ControlAnswer
  | { type: "pong" | "heartbeat_ack" }
  | ErrorMessage;

export type Control = "pause" | "resume" | "skip" | "cancel";

export type ClientMessage =
  | {
      type: "stream_request";
      content: string;
      request_id: string;
      content_type?: ContentType;
      speed?: Speed;
      chunk_by?: ChunkBy;
      html_mode?: HtmlMode;
      trace?: Trace;
      token?: string;
    }
  | { type: "stream_control"; action: Control }
  | { type: "recover"; stream_id: string; last_index: number; token: string }
  | { type: "ack"; stream_id: string; index: number }
  | { type: "ping" | "heartbeat" };
