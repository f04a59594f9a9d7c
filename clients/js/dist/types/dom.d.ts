/** Shows chunks. Both functions can be passed as callbacks. */
export interface Renderer {
    append(chunk: {
        data: string;
        close?: string;
    }): void;
    /** Call it after the last chunk. */
    stop(): void;
}
/** `text` for text; for HTML and Markdown the `htmlMode` of the request. */
export type RenderMode = "text" | "fragment" | "incremental";
/**
 * Appends chunks to the content of the element. `text` preserves white space only with the style
 * `white-space: pre-wrap`.
 */
export declare function domRenderer(element: Element, mode: RenderMode): Renderer;
