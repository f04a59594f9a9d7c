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

/** A transaction that was applied to a state, or its creation. Only a reader keeps it, so it is not kept without one. */
interface Applied {
  tr?: Transaction;
  before?: WeakRef<Applied>;
  /** Identifies the state that was created. */
  origin: object;
}

/** What a renderer has not read yet, and states that were only tried. */
type Unread = Applied[];

/**
 * Records what is applied to a state. A renderer adds one to the editor; where something else owns the state, such as a
 * framework, its owner adds it.
 */
export function streamPlugin(): Plugin<Applied> {
  const readers = new Set<Unread>();
  return new Plugin<Applied>({
    readers,
    state: {
      init: () => ({ origin: {} }),
      apply: (tr, before) => {
        const applied = { tr, before: new WeakRef(before), origin: before.origin };
        for (const unread of readers) unread.push(applied);
        return applied;
      },
    },
  });
}

/** A ProseMirror view. */
export class ViewHost implements Host {
  #last: Applied;
  readonly #unread: Unread = [];
  readonly #plugin: Plugin<Applied>;

  constructor(
    readonly view: EditorView,
    private readonly parseOptions: ParseOptions | undefined,
    private readonly added: Plugin<Applied> | undefined,
  ) {
    this.#plugin = added ?? streamPlugin();
    if (!added) this.#configure([...this.state.plugins, this.#plugin]);
    const last = this.#plugin.getState(this.state);
    if (!last) throw new TypeError("The state of the editor does not have this plugin.");
    this.#last = last;
    this.#readers.add(this.#unread);
  }

  get #readers(): Set<Unread> {
    return this.#plugin.spec["readers"] as Set<Unread>;
  }

  get state(): EditorState {
    return this.view.state;
  }

  /** Also after `stop()`, and if the view has got another state, which is of another document. */
  get isDestroyed(): boolean {
    const isStopped = this.view.isDestroyed || !this.#readers.has(this.#unread);
    return isStopped || this.#plugin.getState(this.state)?.origin !== this.#last.origin;
  }

  parse(html: Element): Node {
    return DOMParser.fromSchema(this.state.schema).parse(html, this.parseOptions);
  }

  dispatch(tr: Transaction): void {
    this.view.dispatch(tr);
  }

  applied(): Transaction[] {
    const found: Transaction[] = [];
    const last = this.#plugin.getState(this.state)!;
    for (let one: Applied | undefined = last; one && one !== this.#last; one = one.before?.deref()) found.unshift(one.tr!);
    this.#last = last;
    this.#unread.length = 0;
    return found;
  }

  stop(): void {
    if (!this.added && !this.isDestroyed) this.#configure(this.state.plugins.filter((one) => one !== this.#plugin));
    this.#readers.delete(this.#unread);
    this.#unread.length = 0;
  }

  #configure(plugins: readonly Plugin[]): void {
    this.view.updateState(this.state.reconfigure({ plugins }));
  }
}
