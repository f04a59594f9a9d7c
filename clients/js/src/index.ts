export type { BackOffOptions } from "./backoff.js";
export { StreamingClient, type ClientEvents, type ClientOptions } from "./client.js";
export type { ConnectionOptions, ConnectionState, Socket } from "./connection-options.js";
export { domRenderer, type Piece, type Renderer, type RenderMode } from "./dom.js";
export { StreamingError, type ErrorCode, type LossReason } from "./errors.js";
export type {
  ChunkBy,
  ClientMessage,
  ContentType,
  HtmlMode,
  QuotaKind,
  ServerMessage,
  SessionLimits as Limits,
  Speed,
  StreamMetadata,
} from "./protocol.js";
export { LiveStream, type ProducerState, type WatchOptions } from "./live.js";
export { Stream } from "./stream.js";
export type {
  Chunk,
  Completion,
  Listeners,
  ReadOptions,
  StreamEvents,
  StreamOptions,
  StreamStart,
  StreamState,
  Trace,
} from "./stream-options.js";
export type { Session } from "./session.js";
export type { TokenOptions } from "./token.js";
