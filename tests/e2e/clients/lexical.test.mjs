// The renderer for Lexical: the final document equals the editor's own reading of the whole content, and text that a user
// types is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lexicalRenderer } from "../../../clients/js/dist/streaming-content-lexical.js";
import { window } from "./editor.mjs";
import { documents, guessed } from "./pieces.mjs";

for (const name of ["HTMLDivElement", "HTMLAnchorElement", "HTMLTableElement", "HTMLTableRowElement", "HTMLTableCellElement", "Text", "Range", "DocumentFragment"])
  globalThis[name] = window[name];
const lexical = await import("lexical");
const { $getRoot, $createParagraphNode, $createTextNode, $isElementNode, $isDecoratorNode, createEditor: create } = lexical;
const { CodeNode } = await import("@lexical/code");
const { createEmptyHistoryState, registerHistory } = await import("@lexical/history");
const { $generateNodesFromDOM } = await import("@lexical/html");
const { LinkNode } = await import("@lexical/link");
const { ListItemNode, ListNode } = await import("@lexical/list");
const { HeadingNode, QuoteNode } = await import("@lexical/rich-text");
const { TableCellNode, TableNode, TableRowNode } = await import("@lexical/table");

const nodes = [CodeNode, HeadingNode, LinkNode, ListItemNode, ListNode, QuoteNode, TableCellNode, TableNode, TableRowNode];
const onError = (error) => { throw error; };

function createEditor(...paragraphs) {
  const editor = create({ nodes, onError });
  editor.setRootElement(document.body.appendChild(document.createElement("div")));
  registerHistory(editor, createEmptyHistoryState(), 0);
  editor.update(() => {
    for (const text of paragraphs) $getRoot().append($createParagraphNode().append($createTextNode(text)));
    if (!paragraphs.length) $getRoot().append($createParagraphNode());
  }, { discrete: true });
  return editor;
}

/** The blocks of the document, without what the editor remembers in them for the next character that is typed. */
const content = (editor) =>
  JSON.parse(JSON.stringify(editor.getEditorState().toJSON().root.children, (name, value) =>
    name === "textFormat" || name === "textStyle" ? undefined : value));

const textOf = (editor) => editor.read(() => $getRoot().getTextContent());

/** Inline nodes at the top are in paragraphs. */
function whole(html) {
  const editor = create({ nodes, onError });
  editor.setRootElement(document.createElement("div"));
  editor.update(() => {
    const dom = new DOMParser().parseFromString(html, "text/html");
    let paragraph;
    for (const node of $generateNodesFromDOM(editor, dom)) {
      const isBlock = ($isElementNode(node) || $isDecoratorNode(node)) && !node.isInline();
      if (isBlock) $getRoot().append(node);
      else if (paragraph) paragraph.append(node);
      else $getRoot().append((paragraph = $createParagraphNode().append(node)));
      if (isBlock) paragraph = undefined;
    }
  }, { discrete: true });
  return content(editor);
}

/** Types at the end of the text of a block, or within it. */
function type(editor, block, text, offset) {
  editor.update(() => {
    const node = $getRoot().getChildAtIndex(block).getFirstDescendant();
    node.spliceText(offset ?? node.getTextContentSize(), 0, text);
  }, { discrete: true });
}

function streamed(editor, mode, chunks, between = () => {}) {
  const renderer = lexicalRenderer(editor, mode);
  for (const [index, chunk] of chunks.entries()) {
    renderer.append(chunk);
    between(index);
  }
  renderer.stop();
  return content(editor);
}

const tested = documents.filter(({ html }) => html.length < 15_000);

for (const { name, html, fragment, incremental } of tested) {
  test(`${name}, in fragments`, { skip: !fragment }, () => {
    assert.deepEqual(streamed(createEditor(), "fragment", fragment), whole(html));
  });

  test(`${name}, in increments, with guesses that are replaced, while a user types`, () => {
    const editor = createEditor("mine:", "x");
    const typing = (index) => index % 7 || type(editor, 0, "y");
    const chunks = [...guessed(Object.values(incremental).at(-1))];
    const [mine, x, ...rest] = streamed(editor, "incremental", chunks, typing);
    assert.match(mine.children[0].text, /^mine:y+$/);
    assert.equal(x.children[0].text, "x");
    assert.deepEqual(rest, whole(html));
  });
}

const paragraphs = [
  { data: "<h1>Title</h1><p>one ", close: "</p>" },
  { data: "two ", close: "</p>" },
  { data: "<b>three</b> four</p>", close: "" },
];

test("lists in items are replaced: those beside the removed ones stay apart, and the items after them are numbered", () => {
  const editor = createEditor();
  const contents = [
    "<ul><li>i<ul><li>a</li></ul><ol><li>b</li></ol><ul><li>c</li></ul></li></ul>",
    "<ul><li>i<ul><li>a</li></ul></li></ul>",
    "<ul><li>g</li><li>i<ul><li>a</li></ul><ol><li>b</li></ol><ul><li>c</li></ul></li></ul>",
    "<ul><li>i<ul><li>a</li></ul><ul><li>b</li></ul><ol><li>c</li></ol></li></ul>",
    "<ol><li></li><li><ul><li>a</li></ul></li><li>b</li></ol>",
    "<ol><li></li><li>a</li><li>b</li></ol>",
    "<ol><li><ul><li>a</li></ul></li><li>a</li><li>b</li></ol>",
  ];
  const { append } = lexicalRenderer(editor, "incremental");
  for (const data of contents) {
    append({ data, close: "", from: 0, settled: 0 });
    assert.deepEqual(content(editor), whole(data));
  }
});

test("text typed into the open paragraph, and into what a chunk replaces, is kept", () => {
  const editor = createEditor();
  streamed(editor, "incremental", paragraphs, (index) => index < 2 && type(editor, 1, "MINE ", 2));
  assert.equal(textOf(editor), "Title\n\nonMINE MINE e two three four");
  const guess = createEditor();
  const chunks = [
    { data: "<p>one *tw", close: "</p>", settled: 0 },
    { data: "o thr", close: "</p>", settled: 0 },
    { data: "<em>two three</em> four</p>", close: "", from: 7, settled: 0 },
  ];
  streamed(guess, "incremental", chunks, (index) => index === 1 && type(guess, 0, "MINE", 8));
  assert.equal(textOf(guess).replace("MINE", ""), "one two three four");
  assert.ok(textOf(guess).includes("MINE"));
  const removed = createEditor();
  const list = [{ data: "<ul><li>a <b>g", close: "</b></li></ul>", settled: 0 }, { data: "<p>a</p>", close: "", from: 0, settled: 0 }];
  streamed(removed, "incremental", list, (index) => index || type(removed, 0, "MINE", 1));
  assert.match(textOf(removed), /^a\n*MINE|^aMINE/);
});

test("the selection stays on the same characters", () => {
  const editor = createEditor();
  const chunks = [
    { data: "<p>a *long* guess, keep these words", close: "</p>", settled: 0 },
    { data: "<p>a guess, keep these words", close: "</p>", from: 0, settled: 0 },
    { data: " and more</p>", close: "", settled: 0 },
  ];
  const select = () => editor.update(() => $getRoot().getFirstDescendant().select(21, 26), { discrete: true });
  // Outside of events the editor reads the selection of the page, which jsdom has not.
  window.addEventListener("message", () => streamed(editor, "incremental", chunks, (index) => index || select()), { once: true });
  window.dispatchEvent(new window.Event("message"));
  editor.read(() => assert.equal(lexical.$getSelection().getTextContent(), "these"));
});

test("there is no undo while it streams; then the last change of a user is undone, and redone", () => {
  const editor = createEditor("mine");
  const undo = (command = lexical.UNDO_COMMAND) => {
    editor.dispatchCommand(command, undefined);
    editor.update(() => {}, { discrete: true });
    return textOf(editor);
  };
  streamed(editor, "incremental", paragraphs, () => undo());
  assert.equal(textOf(editor), "mine\n\nTitle\n\none two three four");
  assert.equal(undo(), "mine");
  assert.equal(undo(lexical.REDO_COMMAND), "mine\n\nTitle\n\none two three four");
});

test("code whose nodes a highlighter has replaced is not written twice", () => {
  const editor = createEditor();
  const chunks = ["<pre><code>let a", " = 1;\n", "let b</code></pre>"].map((data) => ({ data, close: "</code></pre>" }));
  streamed(editor, "incremental", chunks, () =>
    editor.update(() => {
      const code = $getRoot().getFirstChild();
      for (const node of code.getChildren()) if (lexical.$isTextNode(node)) node.replace($createTextNode(node.getTextContent()));
    }, { discrete: true }));
  assert.equal(textOf(editor), "let a = 1;\nlet b");
});

test("text has line breaks as nodes, and goes on behind itself", () => {
  const editor = createEditor("mine: ");
  streamed(editor, "text", ["a\r", "\nb", "\n\nc", "d"].map((data) => ({ data })), (index) => index === 1 && type(editor, 0, "T", 0));
  assert.equal(textOf(editor), "Tmine: a\nb\n\ncd");
  const empty = create({ nodes, onError });
  streamed(empty, "text", [{ data: "x" }, { data: "" }, { data: "y" }]);
  assert.equal(textOf(empty), "xy");
});

test("a block that a user has removed returns only if a chunk changes it", () => {
  const editor = createEditor();
  streamed(editor, "incremental", paragraphs, (index) => {
    if (index === 1) editor.update(() => $getRoot().getFirstChild().remove(), { discrete: true });
  });
  assert.equal(textOf(editor), "one two three four");
});
