import { $isElementNode, type ElementNode, type LexicalNode } from "lexical";

/** Whether it is a list of @lexical/list, which an editor need not have. */
export function isList(node: LexicalNode | null | undefined): node is ElementNode {
  return node?.getType() === "list";
}

/** Adjacent lists of one kind within a node become one, as the editor does with them after each change. */
export function $joinLists(parent: ElementNode): void {
  let last: LexicalNode | undefined;
  for (const child of parent.getChildren()) {
    if ($isElementNode(child)) $joinLists(child);
    if (isList(last) && isList(child) && kind(last) === kind(child)) $join(last, child);
    else last = child;
  }
}

function $join(list: ElementNode, next: ElementNode): void {
  const [end, begin] = [nested(list.getLastChild()), nested(next.getFirstChild())];
  if (end && begin && kind(end) === kind(begin)) {
    $join(end, begin);
    next.getFirstChild()!.remove(true);
  }
  list.append(...next.getChildren());
  next.remove(true);
}

/** The list in an item. */
function nested(item: LexicalNode | null): ElementNode | undefined {
  const first = $isElementNode(item) ? item.getFirstChild() : null;
  return isList(first) ? first : undefined;
}

function kind(list: ElementNode): unknown {
  return (list.exportJSON() as unknown as { listType: unknown }).listType;
}
