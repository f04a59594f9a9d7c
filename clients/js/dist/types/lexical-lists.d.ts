import { type ElementNode, type LexicalNode } from "lexical";
/** Whether it is a list of @lexical/list, which an editor need not have. */
export declare function isList(node: LexicalNode | null | undefined): node is ElementNode;
/** Adjacent lists of one kind within a node become one, as the editor does with them after each change. */
export declare function $joinLists(parent: ElementNode): void;
