import {
  $createTextNode,
  $getNodeByKey,
  $getSelection,
  $isElementNode,
  $isRangeSelection,
  $isTextNode,
  ElementNode,
  type LexicalNode,
  type NodeKey,
  type TextNode,
} from "lexical";
import { isList } from "./lexical-lists.js";

/** A node as the renderer made it; users may have changed it since, or removed it. */
export interface Given {
  key: NodeKey;
  /** Its kind and attributes. */
  kind: string;
  text: string;
  children: Given[];
}

/**
 * Makes the given nodes equal to the next ones, after a node of their parent or at its begin. What is equal is not
 * touched; text that users have typed into the others is kept.
 */
export function $sync(parent: ElementNode, after: LexicalNode | null, given: Given[], next: LexicalNode[]): Given[] {
  let last = after;
  const result = next.map((node, index) => {
    const was = given[index];
    const now = was && $attached(was.key, parent);
    const same = was?.kind === kindOf(node);
    if (was && same && was.text === node.getTextContent() && (!now || equal(was, node))) {
      last = now ?? last;
      return was;
    }
    const fresh = givenOf(node);
    if (now && same) {
      fresh.key = now.getKey();
      if ($isTextNode(now)) $mergeText(now, was.text, fresh.text);
      else if ($isElementNode(now) && $isElementNode(node)) fresh.children = $syncChildren(now, was, node, fresh);
      if (isList(parent)) parent.markDirty(); // what an item has decides how the next ones are numbered
      last = now;
      return fresh;
    }
    if (!now && same && $isTextNode(node) && fresh.text.startsWith(was.text)) node.setTextContent(fresh.text.slice(was.text.length));
    if (last) last.insertAfter(node, false);
    else parent.splice(0, 0, [node]);
    last = node;
    if (now) $remove(now, was, node);
    return fresh;
  });
  for (const was of given.slice(next.length)) {
    const now = $attached(was.key, parent);
    if (now) $remove(now, was, last ?? parent);
  }
  return result;
}

export function givenOf(node: LexicalNode): Given {
  const children = $isElementNode(node) ? node.getChildren().map(givenOf) : [];
  return { key: node.getKey(), kind: kindOf(node), text: node.getTextContent(), children };
}

function $syncChildren(now: ElementNode, was: Given, node: ElementNode, fresh: Given): Given[] {
  const isRebuilt = was.children.some(({ key }) => !$attached(key, now)) && now.getTextContent() === was.text;
  if (!isRebuilt) return $sync(now, null, was.children, node.getChildren());
  now.clear(); // the editor made other nodes of it, such as a highlighter of code
  now.append(...node.getChildren());
  return fresh.children;
}

function $attached(key: NodeKey, parent: ElementNode): LexicalNode | undefined {
  const node = $getNodeByKey(key);
  return node?.getParent()?.is(parent) ? node : undefined;
}

function kindOf(node: LexicalNode): string {
  const { text: _text, children: _children, ...kind } = node.exportJSON() as unknown as Record<string, unknown>;
  return JSON.stringify(kind);
}

function equal(was: Given, node: LexicalNode): boolean {
  const children = $isElementNode(node) ? node.getChildren() : [];
  return (
    was.kind === kindOf(node) &&
    was.text === node.getTextContent() &&
    was.children.length === children.length &&
    was.children.every((child, index) => equal(child, children[index]!))
  );
}

/** Removes a node; what users typed into it goes into, or behind, another one. */
function $remove(now: LexicalNode, was: Given, heir: LexicalNode): void {
  const { start, end, inserted } = splice(was.text, now.getTextContent());
  ElementNode.prototype.remove.call(now, true); // the `remove` of an item joins the lists in those beside it
  if (!inserted || start > was.text.length || end < start) return;
  const text = $createTextNode(inserted);
  if ($isElementNode(heir)) ((heir.getLastDescendant()?.getParent() ?? heir) as ElementNode).append(text);
  else heir.insertAfter(text, false);
}

/** The change that makes one text of another. */
function splice(from: string, to: string): { start: number; end: number; inserted: string } {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start += 1;
  let same = 0;
  while (same < shorter - start && from.at(-1 - same) === to.at(-1 - same)) same += 1;
  return { start, end: from.length - same, inserted: to.slice(start, to.length - same) };
}

/** Changes a text as from `was` to `next`, beside what users have changed in it. */
export function $mergeText(node: TextNode, was: string, next: string): void {
  const own = splice(was, next);
  const edit = splice(was, node.getTextContent());
  const shift = edit.inserted.length - (edit.end - edit.start);
  const right = Math.max(own.start, edit.end);
  if (right < own.end) $splice(node, right + shift, own.end - right, "");
  const at = own.start <= edit.start ? own.start : own.start >= edit.end ? own.start + shift : edit.start;
  $splice(node, at, Math.max(0, Math.min(own.end, edit.start) - own.start), own.inserted);
}

/** The selection stays on the same characters. */
function $splice(node: TextNode, at: number, deleted: number, inserted: string): void {
  if (!deleted && !inserted) return;
  const selection = $getSelection();
  const points = $isRangeSelection(selection) ? [selection.anchor, selection.focus] : [];
  const moved = points
    .filter(({ key, offset }) => key === node.getKey() && offset > at)
    .map((point) => ({ point, offset: Math.max(at, point.offset - deleted) + (point.offset >= at + deleted ? inserted.length : 0) }));
  const text = node.getTextContent();
  node.setTextContent(text.slice(0, at) + inserted + text.slice(at + deleted));
  for (const { point, offset } of moved) point.set(node.getKey(), offset, "text");
}
