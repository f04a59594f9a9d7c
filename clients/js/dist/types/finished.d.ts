import type { OpenTail } from "./dom.js";
/**
 * Removes from the tail the blocks before an open one, which are final, where an open element matches `containers`.
 * Two that match `joined` may become one, so the first is kept. Returns whether any were removed. So a tail that is parsed
 * again for each chunk has the length of a block, not of a document.
 */
export declare function dropFinished(tail: OpenTail, containers: string, joined?: string): boolean;
