import { type DirectionOptions } from "./direction.js";
import { type Renderer, type RenderMode } from "./dom.js";
export type { Piece, Renderer, RenderMode } from "./dom.js";
export { plainText } from "./plain-text.js";
export interface TextareaOptions extends DirectionOptions {
    /** Offset to insert at, the end by default. */
    at?: number;
}
/**
 * Streams into a field while people type in it: their selection and their text are preserved. HTML is written as plain
 * text. An `input` event follows each change.
 */
export declare function textareaRenderer(field: HTMLTextAreaElement, mode: RenderMode, options?: TextareaOptions): Renderer;
