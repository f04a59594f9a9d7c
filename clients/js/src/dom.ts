/** What chunks are shown with. Both functions may be passed around alone. */
export interface Renderer {
  append(chunk: { data: string; close?: string }): void;
  /** Nothing more will come. */
  stop(): void;
}

/** `text` for text; for HTML and Markdown the request's `htmlMode`. */
export type RenderMode = "text" | "fragment" | "incremental";

/**
 * Appends what streams to what is in the element. `text` shows white space as it is only with the style
 * `white-space: pre-wrap`.
 */
export function domRenderer(element: Element, mode: RenderMode): Renderer {
  const stop = (): void => {};
  if (mode === "text") return { append: ({ data }) => element.append(data), stop };
  if (mode === "incremental") return { append: new OpenTail(element).append, stop };
  return { append: ({ data }) => element.append(parsed(element, data)), stop };
}

/**
 * HTML that is cut anywhere, appended where it belongs. Nothing that is shown already is parsed or touched again: each
 * piece is parsed in elements named as those that are open, and what comes out in each of them goes into the real one.
 *
 * @internal
 */
export class OpenTail {
  /** The elements that are open, the outermost first. */
  open: Element[];

  constructor(readonly root: Element) {
    this.open = [root];
  }

  readonly append = ({ data, close = "" }: { data: string; close?: string }): void => {
    const names = this.open.slice(1).map((element) => `<${element.localName}>`);
    if (names.at(-1) === "<pre>") names.push("\n"); // parsers drop a newline there
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

/** Moves a node and all its later siblings to the end of an element; text that meets text becomes one. */
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
