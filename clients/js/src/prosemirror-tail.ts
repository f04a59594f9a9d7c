import { Fragment, type Node } from "prosemirror-model";
import type { Transaction } from "prosemirror-state";
import { Mapping, ReplaceStep, StepMap, type Step } from "prosemirror-transform";
import { OpenTail, type Piece, type Renderer } from "./dom.js";
import { dropFinished } from "./finished.js";
import type { Host } from "./prosemirror-host.js";

/** Elements whose content before an open block is final. A list item must begin with a paragraph, and the editor counts cells in a row. */
const CONTAINER = "body,ul,ol,blockquote,tbody,td,th,div:not(li div)";

/**
 * HTML that is split anywhere, in an editor. Only the tail is kept and parsed again: the open blocks, without their
 * final content. Only the differences are changed in the editor.
 */
export class ProsemirrorTail implements Renderer {
  /** The tail as HTML elements, in a detached document. */
  readonly #html = new OpenTail(document.implementation.createHTMLDocument().body);
  /** The tail as the editor parsed it. Its left edge stands for all final content. */
  #given: Node;
  /** From this position on, `#given` equals the document of the editor … */
  #begin = 0;
  /** … at this offset … */
  #shift: number;
  /** … except for these changes of others. */
  #edits = new Mapping();
  /** Corrections of the tail by extensions of the editor, such as missing table cells; undone before the next change. */
  #corrections: { inverse: Step; index: number }[] = [];

  constructor(
    readonly host: Host,
    at: number,
  ) {
    const { doc } = host.state;
    const $at = doc.resolve(at);
    const block = $at.depth ? $at.node(1) : $at.nodeBefore;
    const after = $at.depth ? $at.after(1) : at;
    const empty = block?.isTextblock && !block.content.size;
    this.#given = doc.type.create(null, empty ? block : Fragment.empty);
    this.#shift = empty ? after - block.nodeSize : after;
  }

  readonly append = (chunk: Piece): void => {
    if (this.host.isDestroyed) return;
    this.#follow();
    this.#html.append(chunk);
    this.#give(this.host.parse(this.#html.root));
    if (dropFinished(this.#html, CONTAINER)) this.#settle(this.host.parse(this.#html.root));
  };

  readonly stop = (): void => this.host.stop();

  /** A position of `#given` in the editor; insertions of others at it come after it. */
  #place(position: number): number {
    return this.#edits.map(position + this.#shift, -1);
  }

  /** Applies the differences to the editor. */
  #give(next: Node): void {
    const from = this.#given.content.findDiffStart(next.content);
    if (from === null) return;
    let { a, b } = this.#given.content.findDiffEnd(next.content)!;
    const overlap = Math.max(0, from - Math.min(a, b));
    a += overlap;
    b += overlap;
    const { tr } = this.host.state;
    this.#undoCorrections(tr);
    const [begin, end] = [this.#place(from), this.#place(a)];
    const slice = next.slice(from, b);
    // Text of others is never deleted; where they changed adjacent content, the slice is fitted.
    const before = tr.mapping.maps.length;
    if (end - begin !== a - from) {
      this.#deleteText(tr, from, a);
      tr.replace(tr.mapping.slice(before).map(this.#edits.map(a + this.#shift, 1), 1), undefined, slice);
    } else if (tr.maybeStep(new ReplaceStep(begin, end, slice)).failed) tr.replace(begin, end, slice);
    if (this.#edits.maps.length) {
      const rebased = new Mapping([new StepMap([from + this.#shift, a - from, b - from]).invert()]);
      rebased.appendMapping(this.#edits);
      const maps = tr.mapping.maps.slice(before);
      for (const [index, map] of maps.entries()) rebased.appendMap(map, index === maps.length - 1 ? 0 : undefined);
      this.#edits = rebased;
    }
    this.#given = next;
    this.host.dispatch(tr.setMeta("addToHistory", false));
    this.#follow(tr);
  }

  /** Deletes the text of a part of `#given` that others have changed, and nothing that they wrote. */
  #deleteText(tr: Transaction, from: number, to: number): void {
    const done = tr.mapping.maps.length;
    const places: number[] = [];
    this.#given.nodesBetween(from, to, (node, at) => {
      if (!node.isText) return;
      for (let place = Math.max(at, from); place < Math.min(at + node.nodeSize, to); place++) places.push(place);
    });
    for (const place of places) {
      const deleted = tr.mapping.slice(done);
      const [begin, end] = [this.#edits.map(place + this.#shift, 1), this.#edits.map(place + 1 + this.#shift, -1)];
      if (end - begin === 1) tr.delete(deleted.map(begin, 1), deleted.map(end, -1));
    }
  }

  /** The tail was shortened at its left edge. */
  #settle(next: Node): void {
    this.#begin = this.#given.content.findDiffEnd(next.content)?.b ?? 0;
    this.#shift += this.#given.content.size - next.content.size;
    this.#given = next;
    const [begin, end] = [this.#begin, next.content.size];
    const moved = this.#place(begin) - begin;
    if (this.#corrections.length || this.#place(end) - end !== moved) return;
    this.#shift = moved; // the changes of others are before it
    this.#edits = new Mapping();
  }

  /** Takes what was applied since the last call, and with the own transaction what plugins appended to it. */
  #follow(own?: Transaction): void {
    for (const tr of this.host.applied()) {
      if (tr === own) continue;
      if (own && tr.getMeta("appendedTransaction") === own && this.#isWithin(tr)) this.#correct(tr);
      else this.#edited(tr);
    }
  }

  /** Others have changed the document. */
  #edited(tr: Transaction): void {
    for (const map of tr.mapping.maps) {
      if (this.#edits.maps.length) {
        this.#edits.appendMap(map);
        continue;
      }
      const [begin, end] = [this.#begin + this.#shift, this.#given.content.size + this.#shift];
      let inside = false;
      let shift = 0;
      map.forEach((from, to, newFrom, newTo) => {
        if (to <= begin) shift += newTo - newFrom - (to - from);
        else inside ||= from < end;
      });
      if (inside) this.#edits.appendMap(map);
      else this.#shift += shift;
    }
  }

  #isWithin(tr: Transaction): boolean {
    let end = this.#place(this.#given.content.size);
    let within = tr.docChanged;
    for (const map of tr.mapping.maps) {
      map.forEach((from, to) => (within &&= from < end && to <= end));
      end = map.map(end, -1);
    }
    return within;
  }

  #correct(tr: Transaction): void {
    tr.steps.forEach((step, index) => {
      this.#corrections.push({ inverse: step.invert(tr.docs[index]!), index: this.#edits.maps.length });
      this.#edits.appendMap(step.getMap());
    });
  }

  #undoCorrections(tr: Transaction): void {
    const { length } = this.#corrections;
    for (const { inverse, index } of this.#corrections.splice(0).reverse()) {
      const step = mapBefore(inverse, this.#edits.slice(index + 1));
      if (step && !tr.maybeStep(step).failed) this.#edits.appendMap(step.getMap(), index);
    }
    if (this.#edits.maps.length === 2 * length) this.#edits = new Mapping(); // no other change was made
  }
}

/** A step after other changes; what it inserts comes before what they inserted at the same position. */
function mapBefore(step: Step, changes: Mapping): Step | null {
  if (!(step instanceof ReplaceStep) || step.from !== step.to) return step.map(changes);
  const at = changes.map(step.from, -1);
  return new ReplaceStep(at, at, step.slice);
}
