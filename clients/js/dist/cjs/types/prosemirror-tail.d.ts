import { type Piece, type Renderer } from "./dom.js";
import type { Host } from "./prosemirror-host.js";
/**
 * HTML that is split anywhere, in an editor. Only the tail is kept and parsed again: the open blocks, without their
 * final content. Only the differences are changed in the editor.
 */
export declare class ProsemirrorTail implements Renderer {
    #private;
    readonly host: Host;
    constructor(host: Host, at: number);
    readonly append: (chunk: Piece) => void;
    readonly stop: () => void;
}
