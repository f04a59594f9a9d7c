/**
 * The text of HTML, as a person would write it: blocks with an empty line between them, lists with markers, the cells of
 * a row with tabs. `gap` is the largest number of line breaks between two blocks.
 */
export declare function plainText(element: Element, gap?: number): string;
