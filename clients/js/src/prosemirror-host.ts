import { DOMParser, type Node, type ParseOptions } from "prosemirror-model";
import { Plugin, type EditorState, type Transaction } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

/** What a renderer needs of an editor that is built on ProseMirror. */
export interface Host {
  readonly state: EditorState;
  readonly isDestroyed: boolean;
  /** The document that the editor makes of HTML. It does not change the element. */
  parse(html: Element): Node;
  dispatch(tr: Transaction): void;
  /** What was applied to the state since the last call, in this order, also by users and by plugins. */
  applied(): Transaction[];
  stop(): void;
}

/** The last transaction that was applied to a state, and the one before it. */
interface Applied {
  tr: Transaction;
  before: Applied | undefined;
}

/**
 * Records what is applied to a state. A renderer adds one to the editor; where something else owns the state, such as a
 * framework, its owner adds it.
 */
export function streamPlugin(): Plugin<Applied | undefined> {
  return new Plugin<Applied | undefined>({
    state: { init: () => undefined, apply: (tr, before) => ({ tr, before }) },
  });
}

/** A ProseMirror view. */
export class ViewHost implements Host {
  #last: Applied | undefined;
  readonly #plugin: Plugin<Applied | undefined>;

  constructor(
    readonly view: EditorView,
    private readonly parseOptions: ParseOptions | undefined,
    private readonly added: Plugin<Applied | undefined> | undefined,
  ) {
    this.#plugin = added ?? streamPlugin();
    if (!added) this.#configure([...this.state.plugins, this.#plugin]);
    this.#last = this.#plugin.getState(this.state);
  }

  get state(): EditorState {
    return this.view.state;
  }

  /** Also if the view has got another state, which is of another document. */
  get isDestroyed(): boolean {
    return this.view.isDestroyed || !this.state.plugins.includes(this.#plugin);
  }

  parse(html: Element): Node {
    return DOMParser.fromSchema(this.state.schema).parse(html, this.parseOptions);
  }

  dispatch(tr: Transaction): void {
    this.view.dispatch(tr);
  }

  applied(): Transaction[] {
    const found: Transaction[] = [];
    const last = this.#plugin.getState(this.state);
    for (let one = last; one && one !== this.#last; one = one.before) found.unshift(one.tr);
    if (last) last.before = undefined;
    this.#last = last;
    return found;
  }

  stop(): void {
    if (!this.added && !this.isDestroyed) this.#configure(this.state.plugins.filter((one) => one !== this.#plugin));
  }

  #configure(plugins: readonly Plugin[]): void {
    this.view.updateState(this.state.reconfigure({ plugins }));
  }
}
