import { direct, type DirectionOptions } from "./direction.js";

/** The part of a chunk that is shown. */
export interface Piece {
  data: string;
  close?: string;
  /** Of a live stream: the data replaces what begins here. Offsets are those of a string. */
  from?: number;
  /** Of a live stream: nothing before it will be replaced. */
  settled?: number;
}

/** Shows chunks. Both functions can be passed as callbacks. */
export interface Renderer {
  append(chunk: Piece): void;
  /** Call it after the last chunk. */
  stop(): void;
}

/** `text` for text; for HTML and Markdown the `htmlMode` of the request. */
export type RenderMode = "text" | "fragment" | "incremental";

/**
 * Appends chunks to the content of the element. `text` preserves white space only with the style
 * `white-space: pre-wrap`.
 */
export function domRenderer(element: Element, mode: RenderMode, options: DirectionOptions = {}): Renderer {
  direct(element, options);
  const stop = (): void => {};
  if (mode === "text") return { append: ({ data }) => element.append(data), stop };
  if (mode === "incremental") return { append: new OpenTail(element).append, stop };
  return { append: ({ data }) => element.append(parsed(element, data)), stop };
}

/** A place to which the content can return. */
interface Mark {
  at: number;
  /** The open elements, and the last child of each with the length of its text. */
  open: { element: Element; last: ChildNode | null; length: number }[];
}

/**
 * Appends HTML that is split anywhere. Shown content is neither parsed nor changed again: each chunk is parsed inside
 * copies of the open elements, and the result in each copy is moved into the real element. What a chunk of a live stream
 * replaces is removed, back to the end of an earlier chunk; from there it is appended again.
 *
 * @internal
 */
export class OpenTail {
  /** The open elements, outermost first. */
  open: Element[];
  #length = 0;
  /** Of a live stream: ascending, the first one at or before what is settled. */
  readonly #marks: Mark[] = [];
  /** The content from the first mark on. */
  #kept = "";

  constructor(readonly root: Element) {
    this.open = [root];
  }

  readonly append = ({ data, close = "", from, settled }: Piece): void => {
    if (from !== undefined) {
      if (from > this.#length) this.#length = from; // what is before it was shown by an earlier renderer
      data = this.#rewind(from) + data;
    }
    if (settled !== undefined && !this.#marks.length) this.#mark();
    this.#insert(data, close);
    this.#length += data.length;
    if (settled === undefined) return;
    this.#kept += data;
    this.#mark();
    this.#forget(settled);
  };

  /** The last child of an open element that may not be removed, nor what follows it; `undefined` if there is no limit. */
  needed(element: Element): ChildNode | null | undefined {
    const [first] = this.#marks;
    return first && (first.open.find((entry) => entry.element === element)?.last ?? null);
  }

  #insert(data: string, close: string): void {
    const names = this.open.slice(1).map((element) => `<${element.localName}>`);
    if (names.at(-1) === "<pre>") names.push("\n"); // parsers drop a leading newline there
    let pieces: Node = parsed(this.root, names.join("") + data);
    for (const [depth, element] of this.open.entries()) {
      const continued = depth + 1 < this.open.length ? pieces.firstChild : null;
      move(continued ? continued.nextSibling : pieces.firstChild, element);
      if (continued) pieces = continued;
    }
    let element = this.root;
    this.open = [element];
    for (let depth = close.split("</").length - 1; depth > 0; depth--)
      this.open.push((element = element.lastElementChild ?? element));
  }

  #mark(): void {
    const open = this.open.map((element) => {
      const last = element.lastChild;
      return { element, last, length: last?.nodeType === 3 ? (last as Text).length : 0 };
    });
    this.#marks.push({ at: this.#length, open });
  }

  /** Removes the marks that are not needed any more. */
  #forget(settled: number): void {
    const first = this.#marks.findLastIndex(({ at }) => at <= settled);
    if (first <= 0) return;
    this.#kept = this.#kept.slice(this.#marks[first]!.at - this.#marks[0]!.at);
    this.#marks.splice(0, first);
  }

  /** Removes the content from a mark before `from` on; returns what is between the two. */
  #rewind(from: number): string {
    while (this.#marks.length > 1 && this.#marks.at(-1)!.at > from) this.#marks.pop();
    const mark = this.#marks.at(-1);
    if (!mark) return "";
    for (const { element, last, length } of mark.open) {
      while (element.lastChild !== last) element.lastChild!.remove();
      if (last?.nodeType === 3) (last as Text).data = (last as Text).data.slice(0, length);
    }
    this.open = mark.open.map(({ element }) => element);
    this.#length = mark.at;
    const begin = mark.at - this.#marks[0]!.at;
    const between = this.#kept.slice(begin, from - this.#marks[0]!.at);
    this.#kept = this.#kept.slice(0, begin);
    return between;
  }
}

function parsed(element: Element, html: string): DocumentFragment {
  const template = element.ownerDocument.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Moves a node and its following siblings to the end of an element; adjacent texts are merged. */
function move(node: ChildNode | null, element: Element): void {
  const last = element.lastChild;
  if (node?.nodeType === 3 && last?.nodeType === 3) {
    (last as Text).appendData((node as Text).data);
    node = node.nextSibling;
  }
  while (node) {
    const { nextSibling } = node;
    element.append(node);
    node = nextSibling;
  }
}
