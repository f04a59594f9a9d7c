import type Quill from "quill";
import { type DirectionOptions } from "./direction.js";
import { type Renderer, type RenderMode } from "./dom.js";
export type { Piece, Renderer, RenderMode } from "./dom.js";
export interface QuillOptions extends DirectionOptions {
    /** Index to insert at, the end of the document by default. An empty line there is filled; HTML is put between lines. */
    at?: number;
}
/**
 * Streams into an editor while people type in it: their selection and their text are preserved, and undo reverts their
 * changes only.
 */
export declare function quillRenderer(quill: Quill, mode: RenderMode, options?: QuillOptions): Renderer;
