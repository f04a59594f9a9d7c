import type { Editor } from "@tiptap/core";
import { type DirectionOptions } from "./direction.js";
import type { Renderer, RenderMode } from "./dom.js";
export type { Renderer, RenderMode } from "./dom.js";
export interface TiptapOptions extends DirectionOptions {
    /** Position to insert at, the end of the document by default. An empty paragraph there is filled. */
    at?: number;
}
/**
 * Streams into an editor while people type in it: their selection and their text are preserved, and undo reverts their
 * changes only.
 */
export declare function tiptapRenderer(editor: Editor, mode: RenderMode, options?: TiptapOptions): Renderer;
