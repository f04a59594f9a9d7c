import { direct, type DirectionOptions } from "./direction.js";
import { OpenTail, type Piece, type Renderer, type RenderMode } from "./dom.js";
import { dropFinished } from "./finished.js";
import { lineFeeds } from "./lines.js";
import { plainText } from "./plain-text.js";

export type { Piece, Renderer, RenderMode } from "./dom.js";
export { plainText } from "./plain-text.js";

export interface TextareaOptions extends DirectionOptions {
  /** Offset to insert at, the end by default. */
  at?: number;
}

/**
 * Streams into a field while people type in it: their selection and their text are preserved. HTML is written as plain
 * text. An `input` event follows each change.
 */
export function textareaRenderer(
  field: HTMLTextAreaElement,
  mode: RenderMode,
  options: TextareaOptions = {},
): Renderer {
  direct(field, options);
  const written = new Written(field, options.at ?? field.value.length);
  const stop = (): void => written.stop();
  if (mode === "text") {
    const normal = lineFeeds();
    return { append: ({ data }) => written.append(normal(data)), stop };
  }
  const html = new OpenTail(field.ownerDocument.implementation.createHTMLDocument().body);
  const append = (chunk: Piece): void => {
    html.append(chunk);
    written.replace(plainText(html.root));
    if (dropFinished(html, "body")) written.settle(plainText(html.root).length);
  };
  return { append, stop };
}

/** What the renderer has written into a field, between what others write. */
class Written {
  /** The part that may be replaced. */
  #given = "";
  /** Where each of its characters is; -1 if a user has deleted it. */
  #places: number[] = [];
  /** The end of what comes before it. */
  #begin: number;
  /** What the field had after the last change. */
  #value: string;

  constructor(
    readonly field: HTMLTextAreaElement,
    at: number,
  ) {
    this.#begin = Math.min(at, field.value.length);
    this.#value = field.value;
    field.addEventListener("input", this.#follow);
  }

  /** Writes text that is not replaced. */
  append(text: string): void {
    this.#follow();
    this.#write(this.#begin, this.#begin, text);
    this.#begin += text.length;
    this.#notify();
  }

  /** Changes what is written to the text; only differences are changed. */
  replace(text: string): void {
    this.#follow();
    if (!this.#given && text && this.#begin && this.#value[this.#begin - 1] !== "\n") {
      this.#write(this.#begin, this.#begin, "\n\n");
      this.#begin += 2;
    }
    const given = this.#given;
    const shorter = Math.min(given.length, text.length);
    let start = 0;
    while (start < shorter && given[start] === text[start]) start += 1;
    let same = 0;
    while (same < shorter - start && given.at(-1 - same) === text.at(-1 - same)) same += 1;
    const end = given.length - same;
    const inserted = text.slice(start, text.length - same);
    for (let index = end; index-- > start; ) {
      const place = this.#places[index]!;
      if (place < 0) continue;
      let first = index;
      while (first > start && this.#places[first - 1] === place - (index - first) - 1) first -= 1;
      this.#write(place - (index - first), place + 1, "");
      for (let after = index + 1; after < this.#places.length; after++)
        if (this.#places[after]! >= 0) this.#places[after]! -= index - first + 1;
      index = first;
    }
    const before = this.#places.slice(0, start).findLast((place) => place >= 0);
    const at = before === undefined ? this.#begin : before + 1;
    this.#write(at, at, inserted);
    const kept = this.#places.slice(end).map((place) => (place < 0 ? place : place + inserted.length));
    this.#places = [...this.#places.slice(0, start), ...Array.from({ length: inserted.length }, (_, index) => at + index), ...kept];
    this.#given = text;
    this.#notify();
  }

  /** Only the last characters, this many, may be replaced from now on. */
  settle(length: number): void {
    const settled = this.#places.splice(0, this.#given.length - length);
    this.#given = this.#given.slice(this.#given.length - length);
    const last = settled.findLast((place) => place >= 0);
    if (last !== undefined) this.#begin = last + 1;
  }

  stop(): void {
    this.field.removeEventListener("input", this.#follow);
  }

  #write(start: number, end: number, text: string): void {
    if (start < end || text) this.field.setRangeText(text, start, end, "preserve");
  }

  /** As typing does, for what keeps the value. */
  #notify(): void {
    if (this.#value === this.field.value) return;
    this.#value = this.field.value;
    const { Event } = this.field.ownerDocument.defaultView ?? globalThis;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Finds what others have changed, as one change. */
  readonly #follow = (): void => {
    const { value } = this.field;
    if (value === this.#value) return;
    const shorter = Math.min(value.length, this.#value.length);
    let end = 0;
    while (end < shorter && value.at(-1 - end) === this.#value.at(-1 - end)) end += 1;
    let start = 0;
    while (start < shorter - end && value[start] === this.#value[start]) start += 1;
    const removed = this.#value.length - end;
    const grown = value.length - this.#value.length;
    this.#places = this.#places.map((place) => (place < start ? place : place < removed ? -1 : place + grown));
    if (this.#begin >= removed && this.#begin > start) this.#begin += grown;
    else if (this.#begin > start) this.#begin = start;
    this.#value = value;
  };
}
