// Tiptap editors with usual configurations, in jsdom.

import { JSDOM } from "jsdom";

export const { window } = new JSDOM();
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

const usual = [
  StarterKit,
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

export function createEditor(content = "", extensions = usual) {
  return new Editor({ content, extensions });
}

/** A document without the empty paragraphs at its end. */
export function content(editor) {
  const nodes = editor.getJSON().content;
  while (nodes.length > 1 && nodes.at(-1).type === "paragraph" && !nodes.at(-1).content) nodes.pop();
  return nodes;
}

/** Types at a position, as a user does. */
export function type(editor, text, at = editor.state.selection.from) {
  editor.view.dispatch(editor.state.tr.insertText(text, at));
}

/** The position after the text. */
export function behind(editor, text) {
  let found;
  editor.state.doc.descendants((node, at) => {
    const offset = node.isText ? node.text.indexOf(text) : -1;
    if (offset >= 0) found ??= at + offset + text.length;
  });
  return found;
}
