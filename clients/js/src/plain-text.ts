const BLOCKS = "p,h1,h2,h3,h4,h5,h6,ul,ol,dl,pre,blockquote,table,hr,figure,details";
const LINES = "li,dt,dd,thead,tbody,tfoot,tr,caption,summary,figcaption,div,section,article";

/**
 * The text of HTML, as a person would write it: blocks with an empty line between them, lists with markers, the cells of
 * a row with tabs. `gap` is the largest number of line breaks between two blocks.
 */
export function plainText(element: Element, gap = 2): string {
  let text = "";
  let inline = "";
  let after = 0;
  const put = (block: string, breaks: number): void => {
    if (!block) return;
    text += (text && "\n".repeat(Math.min(gap, Math.max(after, breaks)))) + block;
    after = breaks;
  };
  const flush = (): void => {
    put(inline.replace(/[ \t\n\f\r]+/g, " ").replace(/ ?\v ?/g, "\n").trim(), 1);
    inline = "";
  };
  const visit = (parent: Element): void => {
    for (const child of parent.childNodes) {
      if (child.nodeType === 3) inline += (child as Text).data.replaceAll("\v", " ");
      if (child.nodeType !== 1) continue;
      const part = child as Element;
      if (part.localName === "br") inline += "\v";
      else if (part.localName === "img") inline += part.getAttribute("alt") ?? "";
      else if (part.matches("input[type=checkbox]")) inline += part.hasAttribute("checked") ? "[x] " : "[ ] ";
      else if (part.matches(BLOCKS) || part.matches(LINES)) {
        flush();
        put(blockText(part), part.matches(BLOCKS) ? 2 : 1);
      } else visit(part);
    }
  };
  visit(element);
  flush();
  return text;
}

function blockText(element: Element): string {
  const children = [...element.children];
  switch (element.localName) {
    case "hr":
      return "---";
    case "pre":
      return element.textContent!.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    case "blockquote":
      return indented(plainText(element), "> ", "> ");
    case "tr":
      return children.map((cell) => plainText(cell).replace(/\s+/g, " ")).join("\t");
    case "ul":
      return children.map((item) => indented(plainText(item, 1), "- ", "  ")).join("\n");
    case "ol": {
      const start = Number(element.getAttribute("start") ?? 1);
      return children.map((item, index) => indented(plainText(item, 1), `${start + index}. `, "   ")).join("\n");
    }
    default:
      return plainText(element);
  }
}

function indented(text: string, first: string, others: string): string {
  return first + text.replaceAll("\n", "\n" + others);
}
