import { Editor } from "@tiptap/core";
import { Highlight } from "@tiptap/extension-highlight";
import { Image } from "@tiptap/extension-image";
import { TaskItem, TaskList } from "@tiptap/extension-list";
import { Subscript } from "@tiptap/extension-subscript";
import { Superscript } from "@tiptap/extension-superscript";
import { TableKit } from "@tiptap/extension-table";
import { TextAlign } from "@tiptap/extension-text-align";
import { Color, TextStyleKit } from "@tiptap/extension-text-style";
import { StarterKit } from "@tiptap/starter-kit";

/** Repeats each colour as a custom property, which the style sheet lightens in dark mode. */
const ReadableColor = Color.extend({
  addGlobalAttributes() {
    const [colour] = this.parent?.() ?? [];
    const { color, ...others } = colour?.attributes ?? {};
    const renderHTML = ({ color }: Record<string, string | null>): Record<string, string> =>
      color ? { style: `color: ${color}; --written: ${color}` } : {};
    return [{ types: this.options.types, attributes: { ...others, color: { ...color, renderHTML } } }];
  },
});

/** An editor with the usual configuration. */
export function createEditor(place: HTMLElement): Editor {
  return new Editor({
    element: place,
    injectCSS: false, // the policy forbids style elements; page.css has the rules
    extensions: [
      StarterKit.configure({ link: { openOnClick: false } }), // with lists, quotes, code blocks, underline, …
      Highlight.configure({ multicolor: true }),
      Image.configure({ allowBase64: true }),
      Subscript,
      Superscript,
      TableKit,
      TaskItem.configure({ nested: true }),
      TaskList,
      TextAlign.configure({ types: ["heading", "paragraph"] }),
      TextStyleKit.configure({ color: false }),
      ReadableColor,
    ],
    editorProps: {
      attributes: { class: "prose", dir: "auto", role: "textbox", "aria-multiline": "true", "aria-label": "Document", spellcheck: "false" },
    },
  });
}
