// What it costs to show a long document in increments, against setting the whole content for each chunk.

import assert from "node:assert/strict";
import { test } from "node:test";
import { content, createEditor } from "./editor.mjs";
import { domRenderer } from "../../../clients/js/dist/streaming-content-client.js";
import { tiptapRenderer } from "../../../clients/js/dist/streaming-content-tiptap.js";
import { documents } from "./pieces.mjs";

const [half, whole] = documents; // 50 and 100 KB by sentence

const targets = {
  "a page": () => {
    const element = document.createElement("div");
    return {
      renderer: domRenderer(element, "incremental"),
      set: (html) => (element.innerHTML = html),
      result: () => element.innerHTML,
    };
  },
  "an editor": () => {
    const editor = createEditor();
    return {
      renderer: tiptapRenderer(editor, "incremental"),
      set: (html) => editor.commands.setContent(html),
      result: () => JSON.stringify(content(editor)),
    };
  },
};

function milliseconds(work) {
  const began = performance.now();
  work();
  return performance.now() - began;
}

const SAMPLES = 20; // of the moments at which the whole would be set

for (const [what, create] of Object.entries(targets)) {
  const streamed = ({ incremental }) => {
    const target = create();
    const chunks = incremental.sentence;
    return [milliseconds(() => chunks.forEach((chunk) => target.renderer.append(chunk))), target.result()];
  };

  test(`${what} is given 100 KB at a tenth of the cost, and twice the length costs about twice`, (context) => {
    streamed(half); // the compiler warms up
    const [ofHalf] = streamed(half);
    const [ofWhole, result] = streamed(whole);

    const reference = create();
    const chunks = whole.incremental.sentence;
    let sofar = "";
    let setting = 0;
    const every = Math.floor(chunks.length / SAMPLES);
    for (const [index, { data, close }] of chunks.entries()) {
      sofar += data;
      if (index % every === every - 1) setting += milliseconds(() => reference.set(sofar + close)) * every;
    }
    reference.set(sofar);

    const ratio = setting / ofWhole;
    context.diagnostic(
      `${chunks.length} chunks: ${ofWhole.toFixed()} ms; setting the whole each time: ${setting.toFixed()} ms, ` +
        `${ratio.toFixed(1)} times as much; half of it: ${ofHalf.toFixed()} ms`,
    );
    assert.equal(result, reference.result());
    assert.ok(ratio > 10, `only ${ratio.toFixed(1)} times cheaper`);
    assert.ok(ofWhole / ofHalf < 3.2, `twice the length costs ${(ofWhole / ofHalf).toFixed(1)} times as much`);
  });
}
