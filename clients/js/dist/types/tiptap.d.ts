import type { Editor } from "@tiptap/core";
import type { Renderer, RenderMode } from "./dom.js";
export type { Renderer, RenderMode } from "./dom.js";
export interface TiptapOptions {
    /** Where to insert; else at the end of the document. An empty paragraph there is filled. */
    at?: number;
}
/**
 * Streams into an editor that people may type in meanwhile: their selection stays, what they type stays, and an undo
 * takes back what they did, never what streamed.
 */
export declare function tiptapRenderer(editor: Editor, mode: RenderMode, options?: TiptapOptions): Renderer;
