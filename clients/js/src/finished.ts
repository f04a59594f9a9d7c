import type { OpenTail } from "./dom.js";

/** Between two of these the content before is final. */
const BLOCK = "p,h1,h2,h3,h4,h5,h6,ul,ol,li,blockquote,pre,hr,table,tr,div";

/**
 * Removes from the tail the blocks before an open one, which are final, where an open element matches `containers`.
 * Two that match `joined` may become one, so the first is kept. Returns whether any were removed. So a tail that is parsed
 * again for each chunk has the length of a block, not of a document.
 */
export function dropFinished(tail: OpenTail, containers: string, joined = ":not(*)"): boolean {
  const dropped = tail.open.map((element) => {
    const needed = tail.needed(element);
    const last = needed === undefined ? element.lastElementChild : (needed as Element | null);
    const before = last?.previousElementSibling;
    if (!element.matches(containers) || last?.nodeType !== 1 || !last.matches(BLOCK) || !before?.matches(BLOCK)) return false;
    if (before.matches(joined) && last.matches(joined)) return false;
    while (element.firstChild !== last) element.firstChild!.remove();
    return true;
  });
  return dropped.includes(true);
}
