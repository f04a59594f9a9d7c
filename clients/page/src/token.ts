import { element } from "./element.js";

/** The field for a token. Its value is nowhere else, and gone with the page: browsers do not offer to keep it. */
export class TokenField {
  readonly #field = element("token", HTMLInputElement);

  constructor(use: () => void) {
    element("token-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      use();
    });
  }

  /** What a client needs to send it; nothing without a token. A later one replaces it before it ends. */
  get source(): { getToken?: () => string } {
    return this.value ? { getToken: () => this.value } : {};
  }

  get value(): string {
    return this.#field.value.trim();
  }
}
