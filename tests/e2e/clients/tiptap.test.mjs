// The Tiptap renderer: the final document equals that of the whole content, and text that a user types is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { StarterKit } from "@tiptap/starter-kit";
import { behind, content, createEditor, type } from "./editor.mjs";
import { tiptapRenderer } from "../../../clients/js/dist/streaming-content-tiptap.js";
import { documents, guessed } from "./pieces.mjs";

const wholeSpace = { parseOptions: { preserveWhitespace: "full" } };

function whole(html, options) {
  const editor = createEditor();
  editor.commands.setContent(html, options);
  return content(editor);
}

function streamed(editor, mode, chunks, between = () => {}, options) {
  const renderer = tiptapRenderer(editor, mode, options);
  for (const [index, chunk] of chunks.entries()) {
    renderer.append(chunk);
    between(index);
  }
  renderer.stop();
  return content(editor);
}

for (const { name, html, fragment, incremental } of documents) {
  test(`${name}, in fragments`, { skip: !fragment }, () => {
    assert.deepEqual(streamed(createEditor(), "fragment", fragment), whole(html, wholeSpace));
  });

  for (const [by, chunks] of Object.entries(incremental)) {
    test(`${name}, in increments by ${by}`, () => {
      assert.deepEqual(streamed(createEditor(), "incremental", chunks), whole(html));
    });

    test(`${name}, in increments by ${by}, after a document in which a user types`, () => {
      const editor = createEditor("<p>mine:</p><p>x</p>");
      let typed = "";
      const typing = (index) => {
        typed += `${index % 10}`;
        type(editor, `${index % 10}`, behind(editor, "mine:") + typed.length - 1);
      };
      const [mine, x, ...rest] = streamed(editor, "incremental", chunks, typing);
      assert.equal(mine.content[0].text, `mine:${typed}`);
      assert.equal(x.content[0].text, "x");
      assert.deepEqual(rest, whole(html));
    });

    test(`${name}, in increments by ${by}, with guesses that are replaced, while a user types`, () => {
      const editor = createEditor("<p>mine:</p><p>x</p>");
      const typing = (index) => index % 7 || type(editor, "y", behind(editor, "mine:"));
      const [mine, x, ...rest] = streamed(editor, "incremental", [...guessed(chunks)], typing);
      assert.match(mine.content[0].text, /^mine:y*$/);
      assert.equal(x.content[0].text, "x");
      assert.deepEqual(rest, whole(html));
    });
  }
}

test("text typed into what a chunk replaces is kept, and the rest is replaced", () => {
  const editor = createEditor();
  const chunks = [
    { data: "<p>one *tw", close: "</p>", settled: 0 },
    { data: "o thr", close: "</p>", settled: 0 },
    { data: "<em>two three</em> four</p>", close: "", from: 7, settled: 0 },
  ];
  streamed(editor, "incremental", chunks, (index) => index === 1 && type(editor, "MINE", behind(editor, "tw")));
  const text = editor.getText().trim();
  assert.equal(text.replace("MINE", ""), "one two three four");
  assert.ok(text.includes("MINE"));
  editor.commands.undo();
  assert.equal(editor.getText().trim(), "one two three four");
});

test("a table that the editor removes while it has no rows returns at its place", () => {
  const chunks = [
    { data: '<img src="/a.png"><table>', close: "</table>" },
    { data: "<tbody><tr><td>x</td></tr>", close: "</tbody></table>" },
    { data: "</tbody></table><p>y</p>", close: "" },
  ];
  const html = chunks.map(({ data }) => data).join("");
  assert.deepEqual(streamed(createEditor(), "incremental", chunks), whole(html));
});

const paragraphs = [
  { data: "<h1>Title</h1><p>one ", close: "</p>" },
  { data: "two ", close: "</p>" },
  { data: "<b>three", close: "</b></p>" },
  { data: "</b></p><ul><li>four ", close: "</li></ul>" },
  { data: "five</li><li>six</li></ul><p>seven ", close: "</p>" },
  { data: "eight</p>", close: "" },
];

test("typing in the open paragraph loses neither text", () => {
  const editor = createEditor();
  streamed(editor, "incremental", paragraphs, (index) => {
    if (index === 0) type(editor, "MINE ", behind(editor, "on"));
    if (index === 2) type(editor, "MORE ", behind(editor, "thr"));
    if (index === 3) type(editor, "AND ", behind(editor, "fo"));
  });
  assert.equal(
    editor.getHTML().replace(/<p><\/p>$/, ""),
    "<h1>Title</h1><p>onMINE e two <strong>thrMORE ee</strong></p>" +
      "<ul><li><p>foAND ur five</p></li><li><p>six</p></li></ul><p>seven eight</p>",
  );
});

test("typing at the position of the next chunk loses neither text, nor does a new paragraph there", () => {
  const editor = createEditor();
  streamed(editor, "incremental", paragraphs, (index) => {
    if (index === 0) type(editor, "MINE", behind(editor, "one"));
    if (index === 1) editor.chain().setTextSelection(behind(editor, "o")).splitBlock().run();
  });
  const text = editor.getText({ blockSeparator: "|" });
  for (const word of ["MINE", "two", "three", "four five", "six", "seven eight"]) assert.ok(text.includes(word), text);
});

test("text typed into the empty editor before the first chunk is kept", () => {
  for (const mode of ["incremental", "fragment", "text"]) {
    const editor = createEditor();
    const renderer = tiptapRenderer(editor, mode);
    type(editor, "MINE");
    renderer.append({ data: mode === "text" ? "streamed" : "<h1>streamed</h1>", close: "" });
    const text = editor.getText();
    assert.ok(text.includes("MINE") && text.includes("streamed"), text);
  }
});

test("the selection stays on the same words", () => {
  const fragments = [{ data: "<p>a</p>" }, { data: "<p>b</p>" }];
  for (const [mode, chunks] of Object.entries({ incremental: paragraphs, fragment: fragments })) {
    const editor = createEditor("<p>keep these words</p>");
    const to = behind(editor, "these");
    editor.commands.setTextSelection({ from: to - 5, to });
    streamed(editor, mode, chunks, () => {
      const { from, to } = editor.state.selection;
      assert.equal(editor.state.doc.textBetween(from, to), "these");
    });
    streamed(editor, mode, chunks, undefined, { at: 0 });
    const { selection, doc } = editor.state;
    assert.equal(doc.textBetween(selection.from, selection.to), "these");
  }
});

test("undo reverts typed text and no streamed content", () => {
  const editor = createEditor("<p>start:</p>");
  streamed(editor, "incremental", paragraphs, (index) => {
    if (index === 1) type(editor, "TYPED", behind(editor, "start:"));
  });
  const html = editor.getHTML();
  assert.ok(html.includes("start:TYPED"));
  editor.commands.undo();
  assert.equal(editor.getHTML(), html.replace("TYPED", ""));
  editor.commands.undo();
  assert.equal(editor.getHTML(), html.replace("TYPED", ""));
});

test("a row with missing cells is complete at the end, with the text typed into the table", () => {
  const chunks = [
    { data: "<table><tbody><tr><th rowspan=\"2\">a ", close: "</th></tr></tbody></table>" },
    { data: "b</th><th>c</th></tr><tr><td>d", close: "</td></tr></tbody></table>" },
    { data: "</td></tr><tr><td>e ", close: "</td></tr></tbody></table>" },
    { data: "f</td><td>g</td></tr></tbody></table>", close: "" },
  ];
  const html = chunks.map(({ data }) => data).join("");
  assert.deepEqual(streamed(createEditor(), "incremental", chunks), whole(html));
  const editor = createEditor();
  streamed(editor, "incremental", chunks, (index) => index < 3 && type(editor, `T${index}`, behind(editor, "a")));
  assert.equal(editor.getText().replace("aT2T1T0", "a").replace(/\s+/g, " ").trim(), "a b c d e f g");
});

test("text becomes text nodes without marks, with its white space; line breaks are nodes", () => {
  const editor = createEditor("<p><strong>bold</strong></p>");
  streamed(editor, "text", ["<b> & ", "two  three\n", "four\r", "\n\nfive"].map((data) => ({ data })));
  const [paragraph] = content(editor);
  const text = (text) => ({ type: "text", text });
  const line = { type: "hardBreak" };
  assert.deepEqual(paragraph.content.slice(1), [text("<b> & two  three"), line, text("four"), line, line, text("five")]);
});

test("saving streamed text as HTML loses no line", () => {
  const lines = "one\ntwo\n\n\tthree\n";
  const editor = createEditor();
  streamed(editor, "text", [...lines].map((data) => ({ data })));
  const html = editor.getHTML();
  editor.commands.setContent(html, wholeSpace);
  assert.equal(editor.getHTML(), html);
  assert.equal(editor.getText(), lines);
});

test("text in a code block keeps its characters, without a node for line breaks it begins paragraphs", () => {
  const code = createEditor("<pre><code>a</code></pre>");
  streamed(code, "text", [{ data: "b\n" }, { data: "c" }], undefined, { at: behind(code, "a") });
  assert.deepEqual(content(code)[0].content, [{ type: "text", text: "ab\nc" }]);
  const heading = createEditor("", [StarterKit.configure({ hardBreak: false })]);
  streamed(heading, "text", [{ data: "a\nb" }, { data: "\n\nc" }]);
  assert.equal(heading.getHTML(), "<p>a</p><p>b</p><p></p><p>c</p>");
});

test("after stop, or without its editor, it holds no resources", () => {
  const editor = createEditor();
  const before = editor.callbacks.transaction?.length ?? 0;
  const renderers = ["incremental", "fragment", "text"].map((mode) => tiptapRenderer(editor, mode));
  for (const renderer of renderers) renderer.stop();
  assert.equal(editor.callbacks.transaction.length, before);
  editor.destroy();
  for (const renderer of renderers) renderer.append({ data: "late", close: "" });
});
