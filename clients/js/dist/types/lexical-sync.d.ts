import { ElementNode, type LexicalNode, type NodeKey, type TextNode } from "lexical";
/** A node as the renderer made it; users may have changed it since, or removed it. */
export interface Given {
    key: NodeKey;
    /** Its kind and attributes. */
    kind: string;
    text: string;
    children: Given[];
}
/**
 * Makes the given nodes equal to the next ones, after a node of their parent or at its begin. What is equal is not
 * touched; text that users have typed into the others is kept.
 */
export declare function $sync(parent: ElementNode, after: LexicalNode | null, given: Given[], next: LexicalNode[]): Given[];
export declare function givenOf(node: LexicalNode): Given;
/** Changes a text as from `was` to `next`, beside what users have changed in it. */
export declare function $mergeText(node: TextNode, was: string, next: string): void;
