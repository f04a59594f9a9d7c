import type { StreamRequest } from "./protocol.js";
import type { ReadOptions, StreamOptions } from "./stream.js";
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
