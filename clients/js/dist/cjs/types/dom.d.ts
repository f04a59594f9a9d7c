import { type DirectionOptions } from "./direction.js";
/** The part of a chunk that is shown. */
export interface Piece {
    data: string;
    close?: string;
    /** Of a live stream: the data replaces what begins here. Offsets are those of a string. */
    from?: number;
    /** Of a live stream: nothing before it will be replaced. */
    settled?: number;
}
/** Shows chunks. Both functions can be passed as callbacks. */
export interface Renderer {
    append(chunk: Piece): void;
    /** Call it after the last chunk. */
    stop(): void;
}
/** `text` for text; for HTML and Markdown the `htmlMode` of the request. */
export type RenderMode = "text" | "fragment" | "incremental";
/**
 * Appends chunks to the content of the element. `text` preserves white space only with the style
 * `white-space: pre-wrap`.
 */
export declare function domRenderer(element: Element, mode: RenderMode, options?: DirectionOptions): Renderer;
