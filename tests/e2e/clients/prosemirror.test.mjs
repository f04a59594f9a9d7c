// The renderer for plain ProseMirror: the final document equals the editor's own reading of the whole content, and text
// that a user types is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { undo } from "prosemirror-history";
import { EditorState, TextSelection } from "prosemirror-state";
import { prosemirrorRenderer, streamPlugin } from "../../../clients/js/dist/streaming-content-prosemirror.js";
import { behind, type } from "./editor.mjs";
import { documents, guessed } from "./pieces.mjs";
import { createView, parsed } from "./prosemirror.mjs";

function streamed(view, mode, chunks, between = () => {}, options) {
  const renderer = prosemirrorRenderer(view, mode, options);
  for (const [index, chunk] of chunks.entries()) {
    renderer.append(chunk);
    between(index);
  }
  renderer.stop();
  return view.state.doc.toJSON().content;
}

/** The document that the editor makes of all content; its plugin for tables completes rows. */
function whole(html) {
  const view = createView();
  view.dispatch(view.state.tr.replaceWith(0, view.state.doc.content.size, parsed(html).content));
  return view.state.doc.toJSON().content;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** What the tests of Tiptap use of an editor. */
const editorOf = (view) => ({ view, get state() { return view.state; } });

for (const { name, html, fragment, incremental } of documents.filter(({ html }) => html.length < 25_000)) {
  test(`${name}, in fragments`, { skip: !fragment }, () => {
    assert.deepEqual(streamed(createView(), "fragment", fragment), whole(html));
  });

  test(`${name}, in increments, with guesses that are replaced, while a user types`, () => {
    const view = createView("<p>mine:</p><p>x</p>");
    const typing = (index) => index % 7 || type(editorOf(view), "y", behind(editorOf(view), "mine:"));
    const chunks = [...guessed(Object.values(incremental).at(-1))];
    const [mine, x, ...rest] = streamed(view, "incremental", chunks, typing);
    assert.match(mine.content[0].text, /^mine:y+$/);
    assert.equal(x.content[0].text, "x");
    assert.deepEqual(rest, whole(html));
  });
}

const paragraphs = [
  { data: "<h1>Title</h1><p>one ", close: "</p>" },
  { data: "two ", close: "</p>" },
  { data: "<b>three</b> four</p>", close: "" },
];

test("undo reverts typed text and no streamed content, and the selection stays on the same words", () => {
  const view = createView("<p>keep these words</p>");
  const editor = editorOf(view);
  const to = behind(editor, "these");
  view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, to - 5, to)));
  streamed(view, "incremental", paragraphs, (index) => index === 1 && type(editor, "MINE ", behind(editor, "one ")));
  const { from, to: end } = view.state.selection;
  assert.equal(view.state.doc.textBetween(from, end), "these");
  assert.equal(view.state.doc.textContent, "keep these wordsTitleone MINE two three four");
  undo(view.state, view.dispatch);
  assert.equal(view.state.doc.textContent, "keep these wordsTitleone two three four");
  assert.equal(undo(view.state, view.dispatch), false);
});

test("text follows the cursor; its line breaks are nodes", () => {
  const view = createView("<p>a<strong>b</strong></p>");
  streamed(view, "text", [{ data: "<c>\nd" }, { data: "\n" }]);
  assert.equal(view.dom.innerHTML.replace(/<br class[^>]*>/g, ""), "<p>a<strong>b</strong>&lt;c&gt;<br>d<br></p>");
});

test("a plugin that its owner added records the changes", () => {
  const plugin = streamPlugin();
  const view = createView("<p>mine:</p>", [plugin]);
  const { plugins } = view.state;
  streamed(view, "incremental", paragraphs, () => type(editorOf(view), "y", behind(editorOf(view), "mine:")), { plugin });
  assert.equal(view.state.plugins, plugins);
  assert.equal(view.state.doc.textContent, "mine:yyyTitleone two three four");
});

test("a plugin that the editor does not have is refused", () => {
  assert.throws(() => prosemirrorRenderer(createView(), "text", { plugin: streamPlugin() }), TypeError);
});

test("a plugin of the owner serves two renderers at a time, and a state that was only tried changes nothing", () => {
  const plugin = streamPlugin();
  const view = createView("<p>one</p><p>two</p>", [plugin]);
  const first = prosemirrorRenderer(view, "text", { plugin, at: 4 });
  const second = prosemirrorRenderer(view, "text", { plugin });
  const tried = () => view.state.apply(view.state.tr.insertText("tried", 1));
  for (const data of ["a", "b", "c"]) {
    tried();
    first.append({ data });
    first.append({ data });
    tried();
    second.append({ data });
  }
  assert.equal(view.dom.innerHTML, "<p>oneaabbcc</p><p>twoabc</p>");
});

test("a plugin of the owner keeps only what a renderer still has to read", async () => {
  const plugin = streamPlugin();
  const view = createView("<p>x</p>", [plugin]);
  const kept = [];
  const edit = () => {
    for (let count = 0; count < 50; count++) {
      view.dispatch(view.state.tr.insertText("y", 1));
      kept.push(new WeakRef(plugin.getState(view.state)));
    }
  };
  const left = async () => {
    await new Promise(setImmediate); // a reference that was followed is held until the end of the task
    collect();
    return kept.filter((one) => one.deref()).length;
  };
  edit();
  const renderer = prosemirrorRenderer(view, "text", { plugin });
  edit();
  renderer.append({ data: "z" });
  edit();
  assert.ok((await left()) <= 60);
  renderer.stop();
  edit();
  assert.ok((await left()) < 10);
  renderer.append({ data: "late" });
  assert.ok(!view.state.doc.textContent.includes("late"));
});

test("after stop, without its editor, or with another document in it, it leaves the editor alone", () => {
  const view = createView();
  const { length } = view.state.plugins;
  const renderers = ["incremental", "fragment", "text"].map((mode) => prosemirrorRenderer(view, mode));
  for (const renderer of renderers) renderer.stop();
  assert.equal(view.state.plugins.length, length);
  const another = prosemirrorRenderer(view, "text");
  const plugin = streamPlugin();
  const shared = createView("", [plugin]);
  const ofOwner = prosemirrorRenderer(shared, "text", { plugin });
  shared.updateState(EditorState.create({ doc: parsed("<p>another</p>"), plugins: [plugin] }));
  ofOwner.append({ data: "late" });
  assert.equal(shared.state.doc.textContent, "another");
  view.updateState(EditorState.create({ doc: parsed("<p>another</p>") }));
  view.destroy();
  for (const renderer of [...renderers, another]) {
    renderer.append({ data: "late", close: "" });
    renderer.stop();
  }
  assert.equal(view.state.doc.textContent, "another");
});

test("the editor has the direction of what is written, unless it has one", () => {
  const view = createView();
  streamed(view, "text", [{ data: "مرحبا" }]);
  assert.equal(view.dom.getAttribute("dir"), "auto");
  const own = createView();
  own.dom.setAttribute("dir", "rtl");
  streamed(own, "text", []);
  assert.equal(own.dom.getAttribute("dir"), "rtl");
  const page = createView();
  streamed(page, "text", [], undefined, { dir: false });
  assert.equal(page.dom.hasAttribute("dir"), false);
});
