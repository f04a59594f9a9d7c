import { Selection, type Transaction } from "prosemirror-state";
import { canSplit } from "prosemirror-transform";
import type { Piece, Renderer } from "./dom.js";
import { lineFeeds } from "./lines.js";
import type { Host } from "./prosemirror-host.js";

/** A separate cursor at which each chunk of a text is inserted. */
export class ProsemirrorCaret<Editor extends Host = Host> implements Renderer {
  #at: number;
  readonly #lineFeeds = lineFeeds();

  constructor(
    readonly host: Editor,
    at: number,
  ) {
    this.#at = Selection.near(host.state.doc.resolve(at), -1).to;
  }

  readonly append = ({ data }: Piece): void => {
    if (!data || this.host.isDestroyed) return;
    this.#follow();
    const own = this.insert(data, this.#at);
    this.#at = endOfLastStep(own) ?? this.#at;
    this.#follow(own);
  };

  readonly stop = (): void => this.host.stop();

  /** Inserts and dispatches. */
  protected insert(data: string, at: number): Transaction {
    const { tr } = this.host.state;
    insertText(tr, at, this.#lineFeeds(data));
    this.host.dispatch(tr.setMeta("addToHistory", false));
    return tr;
  }

  /** Insertions of others at this position stay after the remaining chunks. */
  #follow(own?: Transaction): void {
    for (const tr of this.host.applied()) if (tr !== own) this.#at = tr.mapping.map(this.#at, -1);
  }
}

/** A line break is a node, as it would be lost in HTML, or else begins another block. In code it is a character. */
function insertText(tr: Transaction, at: number, text: string): void {
  const { schema } = tr.doc.type;
  const { parent } = tr.doc.resolve(at);
  const lineBreak = schema.nodes["hardBreak"] ?? schema.nodes["hard_break"];
  const breaks = lineBreak && parent.type.contentMatch.matchType(lineBreak);
  for (const [index, line] of (parent.type.whitespace === "pre" ? [text] : text.split("\n")).entries()) {
    const added = line ? [schema.text(line)] : [];
    if (index && breaks) added.unshift(lineBreak.create());
    else if (index && canSplit(tr.doc, at)) {
      tr.split(at);
      at += 2;
    }
    tr.insert(at, added);
    for (const { nodeSize } of added) at += nodeSize;
  }
}

/** The position of a cursor after an insertion; `undefined` if there was none. */
function endOfLastStep(tr: Transaction): number | undefined {
  let end: number | undefined;
  tr.mapping.maps.at(-1)?.forEach((_from, _to, _newFrom, newTo) => (end ??= newTo));
  return end === undefined ? undefined : Selection.near(tr.doc.resolve(end), -1).to;
}
