import type { OpenTail } from "./dom.js";
/**
 * Removes from the tail the blocks before an open one, which are final, where an open element matches `containers`.
 * Returns whether there were any. So a tail that is parsed again for each chunk has the length of a block, not of a
 * document.
 */
export declare function dropFinished(tail: OpenTail, containers: string): boolean;
