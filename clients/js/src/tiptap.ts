import type { Editor } from "@tiptap/core";
import { Selection, type Transaction } from "@tiptap/pm/state";
import type { Renderer, RenderMode } from "./dom.js";
import { TiptapTail } from "./tiptap-tail.js";

export type { Renderer, RenderMode } from "./dom.js";

export interface TiptapOptions {
  /** Position to insert at, the end of the document by default. An empty paragraph there is filled. */
  at?: number;
}

/**
 * Streams into an editor while people type in it: their selection and their text are preserved, and undo reverts their
 * changes only.
 */
export function tiptapRenderer(editor: Editor, mode: RenderMode, options: TiptapOptions = {}): Renderer {
  const { at = editor.state.doc.content.size } = options;
  return mode === "incremental" ? new TiptapTail(editor, at) : new TiptapCaret(editor, mode, at);
}

/** A separate cursor at which each chunk is inserted. */
class TiptapCaret implements Renderer {
  #at: number;
  #inserting = false;

  constructor(
    readonly editor: Editor,
    readonly mode: RenderMode,
    at: number,
  ) {
    this.#at = Selection.near(editor.state.doc.resolve(at), -1).to;
    editor.on("transaction", this.#follow);
  }

  readonly append = ({ data }: { data: string }): void => {
    if (!data || this.editor.isDestroyed) return;
    this.#inserting = true;
    this.editor
      .chain()
      .command(({ tr, commands }) => {
        if (this.mode === "text") tr.insert(this.#at, this.editor.schema.text(data));
        else commands.insertContentAt(this.#at, data, { updateSelection: false });
        this.#at = endOfLastStep(tr) ?? this.#at;
        tr.setMeta("addToHistory", false);
        return true;
      })
      .run();
    this.#inserting = false;
  };

  readonly stop = (): void => {
    this.editor.off("transaction", this.#follow);
  };

  /** Insertions of others at this position stay after the remaining chunks. */
  readonly #follow = (event: { transaction: Transaction; appendedTransactions: Transaction[] }): void => {
    const others = this.#inserting ? event.appendedTransactions : [event.transaction, ...event.appendedTransactions];
    for (const { mapping } of others) this.#at = mapping.map(this.#at, -1);
  };
}

/** The position of a cursor after an insertion; `undefined` if there was none. */
function endOfLastStep(tr: Transaction): number | undefined {
  let end: number | undefined;
  tr.mapping.maps.at(-1)?.forEach((_from, _to, _newFrom, newTo) => (end ??= newTo));
  return end === undefined ? undefined : Selection.near(tr.doc.resolve(end), -1).to;
}
