// The renderer for plain pages: the final page equals that of the whole content, however it is split.

import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { domRenderer } from "../../../clients/js/dist/streaming-content-client.js";
import { documents, guessed } from "./pieces.mjs";

const { document, Node } = new JSDOM().window;

function shown(html) {
  const element = document.createElement("div");
  element.innerHTML = html;
  return element;
}

for (const { name, html, fragment, incremental } of documents) {
  test(`${name}, appended in fragments`, { skip: !fragment }, () => {
    const element = document.createElement("div");
    const renderer = domRenderer(element, "fragment", { dir: false });
    for (const chunk of fragment) renderer.append(chunk);
    element.normalize();
    assert.ok(element.isEqualNode(shown(html)));
  });

  for (const [by, chunks] of Object.entries(incremental))
    test(`${name}, shown in increments by ${by}, at every moment`, () => {
      const element = document.createElement("div");
      const renderer = domRenderer(element, "incremental", { dir: false });
      const every = Math.ceil(chunks.length / 50);
      let sofar = "";
      for (const [index, chunk] of chunks.entries()) {
        renderer.append(chunk);
        sofar += chunk.data;
        if (index % every && index < chunks.length - 1) continue;
        assert.ok(element.isEqualNode(shown(sofar + chunk.close)), `after ${sofar.slice(-80)}`);
      }
      assert.equal(element.innerHTML, shown(html).innerHTML);
    });
}

for (const { name, html, incremental } of documents)
  test(`${name}, with guesses that are replaced, at every moment`, () => {
    const element = document.createElement("div");
    const renderer = domRenderer(element, "incremental", { dir: false });
    const chunks = [...guessed(Object.values(incremental)[0])];
    const every = Math.ceil(chunks.length / 50);
    let kept = "";
    for (const [index, chunk] of chunks.entries()) {
      renderer.append(chunk);
      kept = kept.slice(0, chunk.from) + chunk.data;
      if (index % every && chunk.from === undefined) continue;
      assert.ok(element.isEqualNode(shown(kept + chunk.close)), `after ${kept.slice(-80)}`);
    }
    assert.equal(element.innerHTML, shown(html).innerHTML);
  });

test("what is settled is not changed when a chunk replaces what follows", () => {
  const element = shown("<p>before</p>");
  const renderer = domRenderer(element, "incremental", { dir: false });
  renderer.append({ data: "<p>one", close: "</p>", settled: 0 });
  renderer.append({ data: " two</p><p>*thr", close: "</p>", settled: 14 });
  const [, first, second] = element.children;
  renderer.append({ data: "<p><em>three", close: "</em></p>", from: 14, settled: 14 });
  assert.equal(element.innerHTML, "<p>before</p><p>one two</p><p><em>three</em></p>");
  assert.equal(element.children[1], first);
  assert.notEqual(element.children[2], second);
});

test("a renderer continues what another one has shown before a reload", () => {
  const element = shown("<p>one</p>");
  const renderer = domRenderer(element, "incremental", { dir: false });
  renderer.append({ data: "<p>tw", close: "</p>", from: 10, settled: 10 });
  renderer.append({ data: "<p>two</p>", close: "", from: 10, settled: 20 });
  assert.equal(element.innerHTML, "<p>one</p><p>two</p>");
});

test("shown content is not changed again", () => {
  const element = shown("<p>before</p>");
  const renderer = domRenderer(element, "incremental", { dir: false });
  renderer.append({ data: "<ul><li>one ", close: "</li></ul>" });
  const [, list] = element.children;
  const [item] = list.children;
  const [text] = item.childNodes;
  renderer.append({ data: "two</li><li>three", close: "</li></ul>" });
  assert.equal(element.innerHTML, "<p>before</p><ul><li>one two</li><li>three</li></ul>");
  assert.deepEqual([element.children[1], list.children[0], item.childNodes[0]], [list, item, text]);
});

test("a line that begins in a pre keeps its empty line", () => {
  const element = document.createElement("div");
  const renderer = domRenderer(element, "incremental", { dir: false });
  renderer.append({ data: "<pre>one\n", close: "</pre>" });
  renderer.append({ data: "\ntwo</pre>", close: "" });
  assert.equal(element.textContent, "one\n\ntwo");
});

test("text becomes text nodes", () => {
  const element = document.createElement("p");
  const renderer = domRenderer(element, "text");
  for (const data of ["<b>", " & ", "\n\ttwo"]) renderer.append({ data });
  assert.equal(element.textContent, "<b> & \n\ttwo");
  assert.ok([...element.childNodes].every(({ nodeType }) => nodeType === Node.TEXT_NODE));
});
