import { type LexicalEditor } from "lexical";
import { type DirectionOptions } from "./direction.js";
import { type Renderer, type RenderMode } from "./dom.js";
export type { Piece, Renderer, RenderMode } from "./dom.js";
export type LexicalOptions = DirectionOptions;
/**
 * Streams to the end of an editor while people type in it: their selection and their text are preserved. The editor undoes
 * by returning to an earlier document, in which what was streamed since is missing, so there is no undo until `stop()`.
 */
export declare function lexicalRenderer(editor: LexicalEditor, mode: RenderMode, options?: LexicalOptions): Renderer;
