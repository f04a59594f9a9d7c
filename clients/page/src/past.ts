import type { Editor } from "@tiptap/core";
import { redoDepth, undoDepth } from "@tiptap/pm/history";
import { EditorState } from "@tiptap/pm/state";

const KEPT = 5;

/**
 * The documents that buttons replaced, each with its own history. Undo in the editor reverts what was typed; this brings
 * back what was replaced.
 */
export class Past {
  readonly #undone: EditorState[] = [];
  readonly #done: EditorState[] = [];

  constructor(
    private readonly editor: Editor,
    private readonly changed: () => void,
  ) {}

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Whether the next undo, or redo, in the editor is one of the document in it. */
  isTyping(redo: boolean): boolean {
    return (redo ? redoDepth : undoDepth)(this.editor.state) > 0;
  }

  /** Begins an empty document. */
  replace(): void {
    const { state } = this.editor;
    if (!this.editor.isEmpty || this.isTyping(false)) {
      this.#done.push(state);
      this.#done.splice(0, this.#done.length - KEPT);
      this.#undone.length = 0;
    }
    this.#show(EditorState.create({ schema: state.schema, plugins: [...state.plugins] }));
  }

  undo(): void {
    this.#swap(this.#done, this.#undone);
  }

  redo(): void {
    this.#swap(this.#undone, this.#done);
  }

  #swap(from: EditorState[], to: EditorState[]): void {
    const state = from.pop();
    if (!state) return;
    to.push(this.editor.state);
    this.#show(state);
  }

  #show(state: EditorState): void {
    this.editor.view.updateState(state);
    this.changed();
  }
}
