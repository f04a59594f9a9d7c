import { StreamingError } from "./errors.js";
import type { SessionLimits, StreamRequest } from "./protocol.js";
import type { ReadOptions, StreamOptions } from "./stream-options.js";
/** The message that requests a stream. */
export declare function streamRequest(content: string, options: StreamOptions & {
    requestId: string;
}): StreamRequest;
/** The fields of a request for how it is read. */
export declare function readFields({ requestId, speed, chunkBy, htmlMode }: ReadOptions & {
    requestId: string;
}): {
    request_id: string;
    speed?: import("./protocol.js").Speed;
    chunk_by?: import("./protocol.js").ChunkBy;
    html_mode?: import("./protocol.js").HtmlMode;
};
/** The reason not to send the message, if there is one. A frame that is far too large would end the connection. */
export declare function tooLarge({ request_id, content }: Partial<StreamRequest>, limits?: SessionLimits): StreamingError | undefined;
