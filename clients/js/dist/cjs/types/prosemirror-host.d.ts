import { type Node, type ParseOptions } from "prosemirror-model";
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
/**
 * Records what is applied to a state. A renderer adds one to the editor; where something else owns the state, such as a
 * framework, its owner adds it.
 */
export declare function streamPlugin(): Plugin<Applied>;
/** A ProseMirror view. */
export declare class ViewHost implements Host {
    #private;
    readonly view: EditorView;
    private readonly parseOptions;
    private readonly added;
    constructor(view: EditorView, parseOptions: ParseOptions | undefined, added: Plugin<Applied> | undefined);
    get state(): EditorState;
    /** Also after `stop()`, and if the view has got another state, which is of another document. */
    get isDestroyed(): boolean;
    parse(html: Element): Node;
    dispatch(tr: Transaction): void;
    applied(): Transaction[];
    stop(): void;
}
export {};
