import type { Editor } from "@tiptap/core";
import { type Piece, type Renderer } from "./dom.js";
/**
 * HTML that is split anywhere, in an editor. Only the tail is kept and parsed again: the open blocks, without their
 * final content. Only the differences are changed in the editor.
 */
export declare class TiptapTail implements Renderer {
    #private;
    readonly editor: Editor;
    constructor(editor: Editor, at: number);
    readonly append: (chunk: Piece) => void;
    readonly stop: () => void;
}
