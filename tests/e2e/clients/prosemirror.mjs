// Plain ProseMirror editors, in jsdom.

import "./editor.mjs";
import { history } from "prosemirror-history";
import { DOMParser, Schema } from "prosemirror-model";
import { marks, nodes } from "prosemirror-schema-basic";
import { addListNodes } from "prosemirror-schema-list";
import { EditorState } from "prosemirror-state";
import { tableEditing, tableNodes } from "prosemirror-tables";
import { EditorView } from "prosemirror-view";

const basic = new Schema({ nodes, marks }).spec.nodes;
const tables = tableNodes({ tableGroup: "block", cellContent: "block+", cellAttributes: {} });
export const schema = new Schema({ nodes: addListNodes(basic, "paragraph block*", "block").append(tables), marks });

/** The editor's own reading of HTML. */
export function parsed(html) {
  const element = document.createElement("div");
  element.innerHTML = html;
  return DOMParser.fromSchema(schema).parse(element);
}

export function createView(html = "", plugins = []) {
  const state = EditorState.create({ doc: parsed(html), plugins: [history(), tableEditing(), ...plugins] });
  return new EditorView(document.createElement("div"), { state });
}
