export interface DirectionOptions {
  /**
   * `auto`, the default: the element has the direction of its first letter, unless it has `dir`. `false`: as the page.
   * For each block to have its own, the page needs a style: `unicode-bidi: plaintext` for the blocks.
   */
  dir?: "auto" | false;
}

/** Shows what is written from right to left so. What is shown has no attribute that its document does not have. */
export function direct(element: Element, { dir = "auto" }: DirectionOptions): void {
  if (dir && !element.hasAttribute("dir")) element.setAttribute("dir", dir);
}
