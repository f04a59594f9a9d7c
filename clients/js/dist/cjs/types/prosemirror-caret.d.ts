import { type Transaction } from "prosemirror-state";
import type { Piece, Renderer } from "./dom.js";
import type { Host } from "./prosemirror-host.js";
/** A separate cursor at which each chunk of a text is inserted. */
export declare class ProsemirrorCaret<Editor extends Host = Host> implements Renderer {
    #private;
    readonly host: Editor;
    constructor(host: Editor, at: number);
    readonly append: ({ data }: Piece) => void;
    readonly stop: () => void;
    /** Inserts and dispatches. */
    protected insert(data: string, at: number): Transaction;
}
