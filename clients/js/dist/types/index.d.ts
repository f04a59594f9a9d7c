export type { BackOffOptions } from "./backoff.js";
export { StreamingClient, type ClientOptions, type Session } from "./client.js";
export type { ConnectionOptions, ConnectionState, Socket } from "./connection.js";
export { domRenderer, type Renderer, type RenderMode } from "./dom.js";
export { StreamingError, type ErrorCode, type LossReason } from "./errors.js";
export type { Chunk, ChunkBy, ClientMessage, ContentType, HtmlMode, Limits, ServerMessage, Speed, StreamMetadata, Trace, } from "./messages.js";
export { Stream, type Completion, type StreamOptions, type StreamStart, type StreamState } from "./stream.js";
