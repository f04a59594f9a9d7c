/** Shows chunks. Both functions can be passed as callbacks. */
export interface Renderer {
  append(chunk: { data: string; close?: string }): void;
  /** Call it after the last chunk. */
  stop(): void;
}

/** `text` for text; for HTML and Markdown the `htmlMode` of the request. */
export type RenderMode = "text" | "fragment" | "incremental";

/**
 * Appends chunks to the content of the element. `text` preserves white space only with the style
 * `white-space: pre-wrap`.
 */
export function domRenderer(element: Element, mode: RenderMode): Renderer {
  const stop = (): void => {};
  if (mode === "text") return { append: ({ data }) => element.append(data), stop };
  if (mode === "incremental") return { append: new OpenTail(element).append, stop };
  return { append: ({ data }) => element.append(parsed(element, data)), stop };
}

/**
 * Appends HTML that is split anywhere. Shown content is neither parsed nor changed again: each chunk is parsed inside
 * copies of the open elements, and the result in each copy is moved into the real element.
 *
 * @internal
 */
export class OpenTail {
  /** The open elements, outermost first. */
  open: Element[];

  constructor(readonly root: Element) {
    this.open = [root];
  }

  readonly append = ({ data, close = "" }: { data: string; close?: string }): void => {
    const names = this.open.slice(1).map((element) => `<${element.localName}>`);
    if (names.at(-1) === "<pre>") names.push("\n"); // parsers drop a leading newline there
    let pieces: Node = parsed(this.root, names.join("") + data);
    for (const [depth, element] of this.open.entries()) {
      const continued = depth + 1 < this.open.length ? pieces.firstChild : null;
      move(continued ? continued.nextSibling : pieces.firstChild, element);
      if (continued) pieces = continued;
    }
    let element = this.root;
    this.open = [element];
    for (let depth = close.split("</").length - 1; depth > 0; depth--)
      this.open.push((element = element.lastElementChild ?? element));
  };
}

function parsed(element: Element, html: string): DocumentFragment {
  const template = element.ownerDocument.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Moves a node and its following siblings to the end of an element; adjacent texts are merged. */
function move(node: ChildNode | null, element: Element): void {
  const last = element.lastChild;
  if (node?.nodeType === 3 && last?.nodeType === 3) {
    (last as Text).appendData((node as Text).data);
    node = node.nextSibling;
  }
  while (node) {
    const { nextSibling } = node;
    element.append(node);
    node = nextSibling;
  }
}
