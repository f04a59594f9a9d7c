// The work of showing a long document in increments, compared with setting the whole content for each chunk. The unit
// is nodes added to the page, or positions inserted into the editor, so the result does not depend on the machine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { content, createEditor } from "./editor.mjs";
import { domRenderer } from "../../../clients/js/dist/streaming-content-client.js";
import { tiptapRenderer } from "../../../clients/js/dist/streaming-content-tiptap.js";
import { documents } from "./pieces.mjs";

const [half, whole] = documents; // 25 and 50 KB by sentence

function size(node) {
  return 1 + [...node.childNodes].reduce((sum, child) => sum + size(child), 0);
}

const targets = {
  "a page": () => {
    const element = document.createElement("div");
    const observer = new MutationObserver(() => {});
    observer.observe(element, { childList: true, subtree: true });
    return {
      renderer: domRenderer(element, "incremental"),
      set: (html) => (element.innerHTML = html),
      result: () => element.innerHTML,
      work: () =>
        observer.takeRecords().reduce((sum, record) => sum + [...record.addedNodes].reduce((n, node) => n + size(node), 0), 0),
    };
  },
  "an editor": () => {
    const editor = createEditor();
    let inserted = 0;
    editor.on("transaction", ({ transaction }) => {
      for (const step of transaction.steps) inserted += step.slice?.size ?? 0;
    });
    return {
      renderer: tiptapRenderer(editor, "incremental"),
      set: (html) => editor.commands.setContent(html),
      result: () => JSON.stringify(content(editor)),
      work: () => inserted,
    };
  },
};

const SAMPLES = 10; // states for which the whole content is set

for (const [what, create] of Object.entries(targets)) {
  const streamed = ({ incremental }) => {
    const target = create();
    incremental.sentence.forEach((chunk) => target.renderer.append(chunk));
    return [target.work(), target.result()];
  };

  test(`${what}: a chunk costs less than setting the whole, and the work is linear in the length`, (context) => {
    const [ofHalf] = streamed(half);
    const [ofWhole, result] = streamed(whole);

    const reference = create();
    const chunks = whole.incremental.sentence;
    const every = Math.floor(chunks.length / SAMPLES);
    let html = "";
    for (const [index, { data, close }] of chunks.entries()) {
      html += data;
      if (index % every === every - 1) reference.set(html + close);
    }
    const setting = reference.work() * every;
    reference.set(html);

    context.diagnostic(`${chunks.length} chunks: ${ofWhole}; setting the whole: ${setting}; half of it: ${ofHalf}`);
    assert.equal(result, reference.result());
    assert.ok(setting / ofWhole > 100, `only ${(setting / ofWhole).toFixed(1)} times cheaper`);
    assert.ok(ofWhole / ofHalf < 2.5, `twice the length costs ${(ofWhole / ofHalf).toFixed(1)} times as much`);
  });
}
