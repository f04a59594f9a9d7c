// A Tiptap editor with a usual configuration, in jsdom. Each line of standard input is a request, [operation, HTML or a
// list of it], and each response is a line; an exception of the editor is returned as {"error": ...}.

import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html>"); // KaTeX needs standards mode
Object.assign(globalThis, { window, document: window.document });
for (const name of ["DOMParser", "Element", "HTMLElement", "MutationObserver", "Node", "getComputedStyle"])
  globalThis[name] = window[name];

const { Editor } = await import("@tiptap/core");
const { Details, DetailsContent, DetailsSummary } = await import("@tiptap/extension-details");
const { Highlight } = await import("@tiptap/extension-highlight");
const { Image } = await import("@tiptap/extension-image");
const { TaskItem, TaskList } = await import("@tiptap/extension-list");
const { Mathematics } = await import("@tiptap/extension-mathematics");
const { Mention } = await import("@tiptap/extension-mention");
const { Subscript } = await import("@tiptap/extension-subscript");
const { Superscript } = await import("@tiptap/extension-superscript");
const { TableKit } = await import("@tiptap/extension-table");
const { TextAlign } = await import("@tiptap/extension-text-align");
const { TextStyleKit } = await import("@tiptap/extension-text-style");
const { StarterKit } = await import("@tiptap/starter-kit");

const usual = [
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
];
const nodes = [...usual, Details, DetailsContent, DetailsSummary, Mathematics, Mention];

const editor = new Editor({ extensions: usual });
const editors = {
  usual: editor,
  starter: new Editor({ extensions: [StarterKit] }),
  nodes: new Editor({ extensions: nodes }),
};

// A document without the empty paragraphs at its end.
const trimmed = ({ content }) => {
  const isEmpty = (node) => node.type === "paragraph" && !node.content;
  while (content.length > 1 && isEmpty(content.at(-1))) content.pop();
  return JSON.stringify(content);
};

const wholeSpace = { parseOptions: { preserveWhitespace: "full" } }; // as insertContent() reads what it is given

const answers = {
  // The document of the whole HTML: with white space collapsed as on a page, and preserved.
  document: (html) => {
    editor.commands.setContent(html);
    return editor.getJSON();
  },
  documentWithSpace: (html) => {
    editor.commands.setContent(html, wholeSpace);
    return editor.getJSON();
  },
  // The document of chunks that are inserted one by one at the cursor.
  appended: (chunks) => {
    editor.commands.clearContent();
    for (const chunk of chunks) editor.commands.insertContent(chunk);
    return editor.getJSON();
  },
  // Whether chunks that are inserted one by one make the document of the whole, in an editor with these extensions.
  equal: ([extensions, whole, chunks]) => {
    const editor = editors[extensions];
    editor.commands.setContent(whole);
    const expected = trimmed(editor.getJSON());
    editor.commands.clearContent();
    for (const chunk of chunks) editor.commands.insertContent(chunk);
    return { equal: trimmed(editor.getJSON()) === expected };
  },
  // The document after each HTML, which replaces the one before.
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
