import type Quill from "quill";
import type { Delta } from "quill";
import { direct, type DirectionOptions } from "./direction.js";
import { OpenTail, type Piece, type Renderer, type RenderMode } from "./dom.js";
import { dropFinished } from "./finished.js";
import { lineFeeds } from "./lines.js";

export type { Piece, Renderer, RenderMode } from "./dom.js";

export interface QuillOptions extends DirectionOptions {
  /** Index to insert at, the end of the document by default. An empty line there is filled; HTML is put between lines. */
  at?: number;
}

/**
 * Streams into an editor while people type in it: their selection and their text are preserved, and undo reverts their
 * changes only.
 */
export function quillRenderer(quill: Quill, mode: RenderMode, options: QuillOptions = {}): Renderer {
  direct(quill.root, options);
  if (quill.root.dir === "auto") quill.root.style.textAlign = "start"; // Quill's style is left
  const at = Math.min(options.at ?? Infinity, quill.getLength() - 1);
  return mode === "text" ? new QuillText(quill, at) : new QuillTail(quill, at);
}

/** Changes of the renderer, beside those of others. */
class Changes {
  /** What others have changed since the begin, in the document as the renderer alone would have made it. */
  #others: Delta;
  #changing = false;

  constructor(readonly quill: Quill) {
    this.#others = this.delta();
    quill.on("text-change", this.#follow);
  }

  delta(): Delta {
    const Empty = this.quill.getContents(0, 0).constructor as new () => Delta; // of this copy of Quill
    return new Empty();
  }

  /** Applies a change of the document as the renderer alone would have made it. What others inserted at a place follows. */
  apply(change: Delta): void {
    if (!change.ops.length) return;
    const now = this.#others.transform(change, false);
    this.#others = change.transform(this.#others, true);
    const { options: history } = this.quill.history as unknown as { options: { userOnly: boolean } };
    const { userOnly } = history;
    this.#changing = history.userOnly = true; // undo then reverts what users have changed
    try {
      this.quill.updateContents(now, "api");
    } finally {
      history.userOnly = userOnly;
      this.#changing = false;
    }
  }

  stop(): void {
    this.quill.off("text-change", this.#follow);
  }

  readonly #follow = (delta: Delta): void => {
    if (!this.#changing) this.#others = this.#others.compose(delta);
  };
}

/** HTML that is split anywhere. Only the tail, the open blocks, is converted again, and only differences are changed. */
class QuillTail implements Renderer {
  readonly #html = new OpenTail(document.implementation.createHTMLDocument().body);
  readonly #changes: Changes;
  /** Where the tail begins. */
  #begin: number;
  /** The tail as the editor converted it. */
  #given: Delta;
  /** Of an empty line that is filled. */
  readonly #empty: Delta;
  /** An editor for the tail alone, because what a conversion gives is not all shown: a line is of one kind, code has no images. */
  readonly #copy: Quill;

  constructor(
    readonly quill: Quill,
    at: number,
  ) {
    this.#changes = new Changes(quill);
    const { registry } = quill.options;
    this.#copy = new (quill.constructor as typeof Quill)(document.createElement("div"), { registry });
    const [line, offset] = quill.getLine(at);
    const length = line?.length() ?? 0;
    const isEmpty = length === 1 && quill.getText(at - offset, 1) === "\n";
    this.#begin = isEmpty ? at - offset : at - offset + length;
    this.#given = this.#empty = isEmpty ? quill.getContents(this.#begin, 1) : this.#changes.delta();
  }

  readonly append = (chunk: Piece): void => {
    this.#html.append(chunk);
    const next = this.#converted();
    this.#changes.apply(this.#changes.delta().retain(this.#begin).concat(this.#given.diff(next)));
    this.#given = next;
    if (!dropFinished(this.#html, "body,ul,ol,blockquote,div")) return;
    this.#given = this.#converted();
    this.#begin += next.length() - this.#given.length();
  };

  readonly stop = (): void => this.#changes.stop();

  #converted(): Delta {
    const html = this.#html.root.innerHTML.replace(/<pre([^>]*)>\n/g, "<pre$1>\n\n"); // the first one is not read
    const delta = this.quill.clipboard.convert({ html });
    if (!delta.ops.length) return this.#empty;
    this.#copy.setContents(delta, "silent"); // without a history
    return this.#copy.getContents();
  }
}

/** A separate cursor at which each chunk of a text is inserted; its lines have the format of the first. */
class QuillText implements Renderer {
  readonly #changes: Changes;
  readonly #formats: Record<string, unknown>;
  readonly #lineFeeds = lineFeeds();

  constructor(
    quill: Quill,
    private at: number,
  ) {
    this.#changes = new Changes(quill);
    const [line] = quill.getLine(at);
    this.#formats = line && "formats" in line ? (line.formats as () => Record<string, unknown>)() : {};
  }

  readonly append = ({ data }: Piece): void => {
    const text = this.#lineFeeds(data);
    const change = this.#changes.delta().retain(this.at);
    for (const [index, line] of text.split("\n").entries()) {
      if (index) change.insert("\n", this.#formats);
      change.insert(line);
    }
    if (text) this.#changes.apply(change);
    this.at += text.length;
  };

  readonly stop = (): void => this.#changes.stop();
}
