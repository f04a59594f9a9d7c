import type { Editor } from "@tiptap/core";
import { DOMParser, type Node } from "prosemirror-model";
import type { EditorState, Transaction } from "prosemirror-state";
import { direct, type DirectionOptions } from "./direction.js";
import type { Renderer, RenderMode } from "./dom.js";
import { ProsemirrorCaret } from "./prosemirror-caret.js";
import type { Host } from "./prosemirror-host.js";
import { ProsemirrorTail } from "./prosemirror-tail.js";

export type { Renderer, RenderMode } from "./dom.js";

export interface TiptapOptions extends DirectionOptions {
  /** Position to insert at, the end of the document by default. An empty paragraph there is filled. */
  at?: number;
}

/**
 * Streams into an editor while people type in it: their selection and their text are preserved, and undo reverts their
 * changes only.
 */
export function tiptapRenderer(editor: Editor, mode: RenderMode, options: TiptapOptions = {}): Renderer {
  const { at = editor.state.doc.content.size } = options;
  const host = new TiptapHost(editor);
  if (editor.options.element) direct(editor.view.dom, options);
  if (mode === "incremental") return new ProsemirrorTail(host, at);
  return mode === "text" ? new ProsemirrorCaret(host, at) : new TiptapFragments(host, at);
}

class TiptapHost implements Host {
  #applied: Transaction[] = [];

  constructor(readonly editor: Editor) {
    editor.on("transaction", this.#add);
  }

  get state(): EditorState {
    return this.editor.state;
  }

  get isDestroyed(): boolean {
    return this.editor.isDestroyed;
  }

  parse(html: Element): Node {
    const { schema, options } = this.editor;
    return DOMParser.fromSchema(schema).parse(withoutIndents(html.cloneNode(true)), options.parseOptions);
  }

  dispatch(tr: Transaction): void {
    this.editor.view.dispatch(tr);
  }

  applied(): Transaction[] {
    return this.#applied.splice(0);
  }

  stop(): void {
    this.editor.off("transaction", this.#add);
  }

  readonly #add = (event: { transaction: Transaction; appendedTransactions: Transaction[] }): void => {
    this.#applied.push(event.transaction, ...event.appendedTransactions);
  };
}

/** Inserts HTML as the editor's command does. */
class TiptapFragments extends ProsemirrorCaret<TiptapHost> {
  protected override insert(data: string, at: number): Transaction {
    let own!: Transaction;
    this.host.editor
      .chain()
      .command(({ tr, commands }) => {
        commands.insertContentAt(at, data, { updateSelection: false });
        own = tr.setMeta("addToHistory", false);
        return true;
      })
      .run();
    return own;
  }
}

/** HTML as the editor parses it: line breaks between elements are ignored. */
function withoutIndents(node: globalThis.Node): globalThis.Node {
  for (const child of [...node.childNodes]) {
    if (child.nodeType === 3 && /^\n(\s\s)?$/.test((child as Text).data)) child.remove();
    else withoutIndents(child);
  }
  return node;
}
