import { $generateNodesFromDOM } from "@lexical/html";
import {
  $createLineBreakNode,
  $createParagraphNode,
  $createTextNode,
  $getNodeByKey,
  $getRoot,
  $isDecoratorNode,
  $isElementNode,
  $isTextNode,
  COMMAND_PRIORITY_CRITICAL,
  REDO_COMMAND,
  UNDO_COMMAND,
  type LexicalEditor,
  type LexicalNode,
  type NodeKey,
} from "lexical";
import { direct, type DirectionOptions } from "./direction.js";
import { OpenTail, type Piece, type Renderer, type RenderMode } from "./dom.js";
import { dropFinished } from "./finished.js";
import { $joinLists, isList } from "./lexical-lists.js";
import { $mergeText, $sync, type Given } from "./lexical-sync.js";
import { lineFeeds } from "./lines.js";

export type { Piece, Renderer, RenderMode } from "./dom.js";
export type LexicalOptions = DirectionOptions;

/**
 * Streams to the end of an editor while people type in it: their selection and their text are preserved. The editor undoes
 * by returning to an earlier document, in which what was streamed since is missing, so there is no undo until `stop()`.
 */
export function lexicalRenderer(editor: LexicalEditor, mode: RenderMode, options: LexicalOptions = {}): Renderer {
  const root = editor.getRootElement();
  if (root) direct(root, options);
  const ends = [UNDO_COMMAND, REDO_COMMAND].map((command) =>
    editor.registerCommand(command, () => true, COMMAND_PRIORITY_CRITICAL),
  );
  const stop = (): void => {
    for (const end of ends.splice(0)) end();
  };
  let tag = "history-push"; // then merged: one step
  const change = (update: () => void): void => {
    editor.update(update, { discrete: true, tag: [tag, "skip-scroll-into-view", "skip-selection-focus"] });
    tag = "history-merge";
  };
  return { append: mode === "text" ? textWriter(change) : new LexicalTail(editor, change).append, stop };
}

type Change = (update: () => void) => void;

/** HTML that is split anywhere. Only the tail, the last blocks, is parsed again, and only differences are changed. */
class LexicalTail {
  readonly #html = new OpenTail(document.implementation.createHTMLDocument().body);
  #given: Given[] = [];
  /** What comes before it; `null` at the begin, `undefined` before the first chunk. */
  #after: NodeKey | null | undefined;

  constructor(
    readonly editor: LexicalEditor,
    private readonly change: Change,
  ) {}

  readonly append = (chunk: Piece): void => {
    this.#html.append(chunk);
    this.change(() => this.#update());
  };

  #update(): void {
    const next = this.#blocks();
    const root = $getRoot();
    if (this.#after === undefined) {
      if (!next.length) return;
      const last = root.getLastChild();
      const isEmpty = $isElementNode(last) && last.isEmpty();
      let before = isEmpty ? last.getPreviousSibling() : last;
      if (isList(before) && isList(next[0])) before.insertAfter((before = $createParagraphNode())); // else they become one
      this.#after = before?.getKey() ?? null;
      this.#given = $sync(root, this.#before(), [], next);
      if (isEmpty) last.remove(true);
    } else this.#given = $sync(root, this.#before(), this.#given, next);
    if (!dropFinished(this.#html, "body", "ul,ol,div")) return;
    const settled = this.#given.splice(0, this.#given.length - this.#blocks().length);
    this.#after = settled.findLast(({ key }) => $getNodeByKey(key)?.isAttached())?.key ?? this.#after;
  }

  #before(): LexicalNode | null {
    if (!this.#after) return null;
    const node = $getNodeByKey(this.#after);
    return node?.getParent()?.is($getRoot()) ? node : $getRoot().getLastChild();
  }

  /** The blocks that the editor makes of the tail; what is not in a block comes into a paragraph. */
  #blocks(): LexicalNode[] {
    const blocks: LexicalNode[] = [];
    let isOpen = false;
    for (const node of $generateNodesFromDOM(this.editor, this.#html.root)) {
      const isBlock = ($isElementNode(node) || $isDecoratorNode(node)) && !node.isInline();
      const paragraph = blocks.at(-1);
      if (isBlock) blocks.push(node);
      else if (isOpen && $isElementNode(paragraph)) paragraph.append(node);
      else blocks.push($createParagraphNode().append(node));
      isOpen = !isBlock;
    }
    const all = $createParagraphNode().append(...blocks);
    $joinTexts(all);
    $joinLists(all);
    return all.getChildren();
  }
}

/** Adjacent texts that look alike become one, as the editor does with them. */
function $joinTexts(node: LexicalNode): void {
  if (!$isElementNode(node)) return;
  for (const child of node.getChildren()) {
    const before = child.getPreviousSibling();
    if ($isTextNode(child) && $isTextNode(before) && child.isSimpleText() && before.isSimpleText()) {
      if (child.getFormat() === before.getFormat() && child.getStyle() === before.getStyle()) {
        before.setTextContent(before.getTextContent() + child.getTextContent());
        child.remove(true);
      }
    } else $joinTexts(child);
  }
}

/** Appends texts to the last block. */
function textWriter(change: Change): (chunk: Piece) => void {
  const normal = lineFeeds();
  let text: NodeKey | undefined;
  let written = "";
  return ({ data }) =>
    change(() => {
      for (const [index, line] of normal(data).split("\n").entries()) {
        const now = text === undefined ? null : $getNodeByKey(text);
        const open = $isTextNode(now) && now.isAttached() ? now : undefined;
        if (!index && open) $mergeText(open, written, (written += line));
        else if (index || line) {
          const node = $createTextNode((written = line));
          const last = $getRoot().getLastChild();
          const block = $isElementNode(last) ? last : $createParagraphNode();
          if (!last?.is(block)) $getRoot().append(block);
          const nodes = index ? [$createLineBreakNode(), node] : [node];
          if (open) for (const one of nodes.reverse()) open.insertAfter(one, false);
          else block.append(...nodes);
          text = node.getKey();
        }
      }
    });
}
