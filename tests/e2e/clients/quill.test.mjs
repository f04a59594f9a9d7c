// The renderer for Quill: the final document equals the editor's own conversion of the whole content, and text that a
// user types is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { quillRenderer } from "../../../clients/js/dist/streaming-content-quill.js";
import { window } from "./editor.mjs";
import { documents, guessed } from "./pieces.mjs";

window.document.getSelection ??= () => null;
for (const name of ["HTMLAnchorElement", "HTMLParagraphElement", "Text", "Range", "InputEvent", "KeyboardEvent"]) globalThis[name] = window[name];
const { default: Quill } = await import("quill");

function createQuill(html = "") {
  const place = document.body.appendChild(document.createElement("div"));
  const quill = new Quill(place, { history: { delay: 0 } });
  quill.setContents(quill.clipboard.convert({ html }));
  quill.history.clear();
  return quill;
}

/** Types as a user does. */
function type(quill, text, at) {
  quill.insertText(at, text, "user");
}

function streamed(quill, mode, chunks, between = () => {}, options) {
  const renderer = quillRenderer(quill, mode, options);
  for (const [index, chunk] of chunks.entries()) {
    renderer.append(chunk);
    between(index);
  }
  renderer.stop();
  quill.container.remove();
  return quill.getContents().ops;
}

// Quill compares its whole document at each change, which takes long for long ones.
const short = documents.filter(({ html }) => html.length < 5000);

const whole = (html) => createQuill(html).getContents().ops;

for (const { name, html, fragment, incremental } of short) {
  test(`${name}, in fragments`, { skip: !fragment }, () => {
    assert.deepEqual(streamed(createQuill(), "fragment", fragment), whole(html));
  });

  test(`${name}, in increments, with guesses that are replaced, while a user types`, () => {
    const quill = createQuill("<p>mine:</p><p>x</p>");
    const typing = (index) => index % 7 || type(quill, "y", 5);
    streamed(quill, "incremental", [...guessed(Object.values(incremental).at(-1))], typing);
    const [mine, x] = quill.getText().split("\n");
    assert.match(mine, /^mine:y+$/);
    assert.equal(x, "x");
    assert.deepEqual(quill.getContents(mine.length + 3).ops, whole(html));
  });
}

const paragraphs = [
  { data: "<h1>Title</h1><p>one ", close: "</p>" },
  { data: "two ", close: "</p>" },
  { data: "<b>three</b> four</p>", close: "" },
];

test("undo reverts typed text and no streamed content, and the selection stays on the same words", () => {
  const quill = createQuill("<p>keep these words</p>");
  const { userOnly } = quill.history.options;
  streamed(quill, "incremental", paragraphs, (index) => index === 1 && type(quill, "MINE ", quill.getText().indexOf("two")));
  assert.equal(quill.getText(), "keep these words\nTitle\none MINE two three four\n");
  quill.history.undo();
  assert.equal(quill.getText(), "keep these words\nTitle\none two three four\n");
  quill.history.undo();
  assert.equal(quill.getText(), "keep these words\nTitle\none two three four\n");
  quill.history.redo();
  assert.equal(quill.getText(), "keep these words\nTitle\none MINE two three four\n");
  assert.equal(quill.history.options.userOnly, userOnly);
});

test("text typed into what a chunk replaces is kept, and the rest is replaced", () => {
  const quill = createQuill();
  const chunks = [
    { data: "<p>one *tw", close: "</p>", settled: 0 },
    { data: "o thr", close: "</p>", settled: 0 },
    { data: "<em>two three</em> four</p>", close: "", from: 7, settled: 0 },
  ];
  streamed(quill, "incremental", chunks, (index) => index === 1 && type(quill, "MINE", quill.getText().indexOf("o thr")));
  assert.equal(quill.getText().replace("MINE", ""), "one two three four\n");
  assert.ok(quill.getText().includes("MINE"));
});

test("it streams between lines, and what is typed there before the first chunk is kept", () => {
  const quill = createQuill("<p>first</p><p><br></p><p>last</p>");
  streamed(quill, "incremental", paragraphs, (index) => index || type(quill, "MINE", 0), { at: 6 });
  assert.equal(quill.getText(), "MINEfirst\nTitle\none two three four\nlast\n");
  const empty = createQuill();
  const renderer = quillRenderer(empty, "incremental");
  type(empty, "MINE", 0);
  for (const chunk of paragraphs) renderer.append(chunk);
  assert.equal(empty.getText(), "Title\none two three fourMINE\n");
});

test("text has no formats of its own, its lines are of the kind of the line in which it begins", () => {
  const quill = createQuill("<ul><li><b>a</b></li></ul>");
  streamed(quill, "text", ["<b>\r", "\nc", "\rd"].map((data) => ({ data })), () => type(quill, "y", 0));
  const list = { attributes: { list: "bullet" }, insert: "\n" };
  const bold = { attributes: { bold: true }, insert: "yyya" };
  assert.deepEqual(quill.getContents().ops, [bold, { insert: "<b>" }, list, { insert: "c" }, list, { insert: "d" }, list]);
});

test("after stop it does not listen to the editor", () => {
  const quill = createQuill();
  const listeners = () => quill.emitter.listenerCount("text-change");
  const before = listeners();
  const renderers = ["incremental", "fragment", "text"].map((mode) => quillRenderer(quill, mode));
  assert.equal(listeners(), before + 3);
  for (const renderer of renderers) renderer.stop();
  assert.equal(listeners(), before);
});
