/** What chunks are shown with. Both functions may be passed around alone. */
export interface Renderer {
    append(chunk: {
        data: string;
        close?: string;
    }): void;
    /** Nothing more will come. */
    stop(): void;
}
/** `text` for text; for HTML and Markdown the request's `htmlMode`. */
export type RenderMode = "text" | "fragment" | "incremental";
/**
 * Appends what streams to what is in the element. `text` shows white space as it is only with the style
 * `white-space: pre-wrap`.
 */
export declare function domRenderer(element: Element, mode: RenderMode): Renderer;
