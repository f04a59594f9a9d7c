import type { Editor } from "@tiptap/core";
import { type Renderer } from "./dom.js";
/**
 * HTML that is cut anywhere, in an editor. Of all that has come, only the tail is kept and parsed again: the blocks
 * that are open, without what is finished in them. What has changed in it is changed in the editor, and nothing else.
 */
export declare class TiptapTail implements Renderer {
    #private;
    readonly editor: Editor;
    constructor(editor: Editor, at: number);
    readonly append: (chunk: {
        data: string;
        close?: string;
    }) => void;
    readonly stop: () => void;
}
