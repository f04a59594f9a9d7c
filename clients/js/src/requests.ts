import type { StreamRequest } from "./protocol.js";
import type { ReadOptions, StreamOptions } from "./stream.js";

/** The message that requests a stream. */
export function streamRequest(content: string, options: StreamOptions & { requestId: string }): StreamRequest {
  const { contentType, trace } = options;
  return {
    type: "stream_request",
    content,
    ...(contentType && { content_type: contentType }),
    ...(trace && { trace }),
    ...readFields(options),
  };
}

/** The fields of a request for how it is read. */
export function readFields({ requestId, speed, chunkBy, htmlMode }: ReadOptions & { requestId: string }) {
  return {
    request_id: requestId,
    ...(speed && { speed }),
    ...(chunkBy && { chunk_by: chunkBy }),
    ...(htmlMode && { html_mode: htmlMode }),
  };
}
