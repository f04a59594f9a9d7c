// The renderer for a text area: the final text equals that of the whole content, and what a user types is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plainText, textareaRenderer } from "../../../clients/js/dist/streaming-content-textarea.js";
import { window } from "./editor.mjs";
import { documents, guessed } from "./pieces.mjs";

function createField(value = "") {
  const field = document.createElement("textarea");
  field.value = value;
  return field;
}

/** Types as a user does. */
function type(field, text, at) {
  field.setRangeText(text, at, at, "end");
  field.dispatchEvent(new window.Event("input", { bubbles: true }));
}

function streamed(field, mode, chunks, between = () => {}, options) {
  const renderer = textareaRenderer(field, mode, options);
  for (const [index, chunk] of chunks.entries()) {
    renderer.append(chunk);
    between(index);
  }
  renderer.stop();
  return field.value;
}

function whole(html) {
  const element = document.createElement("div");
  element.innerHTML = html;
  return plainText(element);
}

for (const { name, html, fragment, incremental } of documents.filter(({ html }) => html.length < 15_000)) {
  test(`${name}, in fragments`, { skip: !fragment }, () => {
    assert.equal(streamed(createField(), "fragment", fragment), whole(html));
  });

  test(`${name}, in increments, with guesses that are replaced, while a user types`, () => {
    const field = createField("mine:\nx");
    const typing = (index) => index % 7 || type(field, "y", 5);
    const chunks = [...guessed(Object.values(incremental).at(-1))];
    const [, typed, rest] = streamed(field, "incremental", chunks, typing).match(/^mine:(y+)\nx\n\n([^]*)$/);
    assert.equal(typed.length, Math.ceil(chunks.length / 7));
    assert.equal(rest, whole(html));
  });
}

test("HTML becomes text as a person would write it", () => {
  const html =
    "<h1>Title</h1>\n<p>one\n<b>two</b><br>three </p><ul><li>a<ul><li><p>b</p></li></ul></li><li>c</li></ul>" +
    '<ol start="3"><li>x</li><li>y</li></ol><blockquote><p>q</p><p>r</p></blockquote><pre><code>  if\n\n  x\n</code></pre>' +
    '<hr><table><tbody><tr><th>h</th><td><p>i</p></td></tr><tr><td>j</td><td></td></tr></tbody></table><img alt="pic"> end';
  const text =
    "Title\n\none two\nthree\n\n- a\n  - b\n- c\n\n3. x\n4. y\n\n> q\n> \n> r\n\n  if\n\n  x\n\n---\n\nh\ti\nj\t\n\npic end";
  assert.equal(whole(html), text);
});

test("text typed into what a chunk replaces is kept, and the selection stays on the same words", () => {
  const field = createField("keep these words");
  field.setSelectionRange(5, 10);
  const chunks = [
    { data: "<p>one *tw", close: "</p>", settled: 0 },
    { data: "o thr", close: "</p>", settled: 0 },
    { data: "<em>two three</em> four</p>", close: "", from: 7, settled: 0 },
  ];
  const renderer = textareaRenderer(field, "incremental", { at: 0 });
  renderer.append(chunks[0]);
  renderer.append(chunks[1]);
  const selected = () => field.value.slice(field.selectionStart, field.selectionEnd);
  assert.equal(selected(), "these");
  type(field, "MINE", field.value.indexOf("o thr"));
  renderer.append(chunks[2]);
  assert.equal(field.value.replace("MINE", ""), "one two three fourkeep these words");
  assert.ok(field.value.includes("MINE"));
});

test("text goes to its place, behind which what is typed there stays; line breaks are of one character", () => {
  const field = createField("ab");
  streamed(field, "text", ["1\r", "\n2", "\r\n3"].map((data) => ({ data })), (index) => index || type(field, "T", 3), { at: 1 });
  assert.equal(field.value, "a1\n2\n3Tb");
});

test("what the user deletes stays deleted", () => {
  const field = createField();
  streamed(field, "incremental", [{ data: "<p>one two ", close: "</p>" }, { data: "three</p><p>four</p>", close: "" }], (index) => {
    if (index) return;
    field.value = "one";
    field.dispatchEvent(new window.Event("input"));
  });
  assert.equal(field.value, "one three\n\nfour");
});

test("what keeps the value hears of each change, until it ends", () => {
  const field = createField();
  const heard = [];
  field.addEventListener("input", () => heard.push(field.value));
  const renderer = textareaRenderer(field, "text");
  for (const data of ["a", "", "b"]) renderer.append({ data });
  renderer.stop();
  assert.deepEqual(heard, ["a", "ab"]);
  assert.equal(field.getAttribute("dir"), "auto");
});
