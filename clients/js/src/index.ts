export type { BackOffOptions } from "./backoff.js";
export { StreamingClient, type ClientEvents, type ClientOptions } from "./client.js";
export type { ConnectionOptions, ConnectionState, Socket } from "./connection.js";
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
export {
  Stream,
  type Chunk,
  type Completion,
  type Listeners,
  type ReadOptions,
  type StreamEvents,
  type StreamOptions,
  type StreamStart,
  type StreamState,
  type Trace,
} from "./stream.js";
export type { Session } from "./session.js";
export type { TokenOptions } from "./token.js";
