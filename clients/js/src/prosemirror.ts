import type { ParseOptions } from "prosemirror-model";
import type { EditorView } from "prosemirror-view";
import { direct, type DirectionOptions } from "./direction.js";
import type { Renderer, RenderMode } from "./dom.js";
import { ProsemirrorCaret } from "./prosemirror-caret.js";
import { ViewHost, type streamPlugin } from "./prosemirror-host.js";
import { ProsemirrorTail } from "./prosemirror-tail.js";

export type { Piece, Renderer, RenderMode } from "./dom.js";
export { streamPlugin } from "./prosemirror-host.js";

export interface ProsemirrorOptions extends DirectionOptions {
  /** Position to insert at, the end of the document by default. An empty paragraph there is filled. */
  at?: number;
  parseOptions?: ParseOptions;
  /** One that the state of the editor has. Without it one is added, and removed by `stop()`. */
  plugin?: ReturnType<typeof streamPlugin>;
}

/**
 * Streams into an editor while people type in it: their selection and their text are preserved, and undo reverts their
 * changes only. After `stop()`, or once the view has another state, nothing is shown any more.
 */
export function prosemirrorRenderer(view: EditorView, mode: RenderMode, options: ProsemirrorOptions = {}): Renderer {
  const { at = view.state.doc.content.size, parseOptions, plugin } = options;
  direct(view.dom, options);
  const host = new ViewHost(view, parseOptions, plugin);
  return mode === "text" ? new ProsemirrorCaret(host, at) : new ProsemirrorTail(host, at);
}
