import { StreamingError } from "./errors.js";
import type { SessionLimits, StreamRequest } from "./protocol.js";
import type { ReadOptions, StreamOptions } from "./stream-options.js";

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

/** The reason not to send the message, if there is one. A frame that is far too large would end the connection. */
export function tooLarge({ request_id, content = "" }: Partial<StreamRequest>, limits?: SessionLimits): StreamingError | undefined {
  const [size, limit] = [new TextEncoder().encode(content).length, limits?.max_content_size];
  if (!(size > limit!)) return undefined;
  return new StreamingError("CONTENT_TOO_LARGE", `The content has ${size} bytes of UTF-8; at most ${limit} are allowed.`, { requestId: request_id });
}
