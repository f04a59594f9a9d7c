// A Tiptap editor as products set it up, in a page without a screen. Each line of standard input is a question,
// [what, HTML or a list of it], and each answer is a line; what the editor throws is answered as {"error": ...}.

import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const { window } = new JSDOM();
Object.assign(globalThis, { window, document: window.document });
for (const name of ["DOMParser", "Element", "HTMLElement", "MutationObserver", "Node", "getComputedStyle"])
  globalThis[name] = window[name];

const { Editor } = await import("@tiptap/core");
const { Highlight } = await import("@tiptap/extension-highlight");
const { Image } = await import("@tiptap/extension-image");
const { TaskItem, TaskList } = await import("@tiptap/extension-list");
const { Subscript } = await import("@tiptap/extension-subscript");
const { Superscript } = await import("@tiptap/extension-superscript");
const { TableKit } = await import("@tiptap/extension-table");
const { TextAlign } = await import("@tiptap/extension-text-align");
const { TextStyleKit } = await import("@tiptap/extension-text-style");
const { StarterKit } = await import("@tiptap/starter-kit");

const editor = new Editor({
  extensions: [
    StarterKit, // with links, lists, quotes, code blocks, underline, …
    Highlight.configure({ multicolor: true }),
    Image.configure({ allowBase64: true }),
    Subscript,
    Superscript,
    TableKit,
    TaskItem.configure({ nested: true }),
    TaskList,
    TextAlign.configure({ types: ["heading", "paragraph"] }),
    TextStyleKit,
  ],
});

const wholeSpace = { parseOptions: { preserveWhitespace: "full" } }; // as insertContent() reads what it is given

const answers = {
  // The document that the whole HTML makes in one go: as a page reads its white space, and with all of it.
  document: (html) => {
    editor.commands.setContent(html);
    return editor.getJSON();
  },
  documentWithSpace: (html) => {
    editor.commands.setContent(html, wholeSpace);
    return editor.getJSON();
  },
  // The document that chunks make, appended one after the other at the cursor.
  appended: (chunks) => {
    editor.commands.clearContent();
    for (const chunk of chunks) editor.commands.insertContent(chunk);
    return editor.getJSON();
  },
  // The documents that are seen as each HTML replaces the one before.
  shown: (htmls) =>
    htmls.map((html) => {
      editor.commands.setContent(html);
      return editor.getJSON();
    }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [what, argument] = JSON.parse(line);
  let answer;
  try {
    answer = answers[what](argument);
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
