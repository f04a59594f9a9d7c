import { element } from "./element.js";
import { typeOf, type Source } from "./samples.js";

/** The user's text: typed, pasted, or a file that was selected or dropped. */
export class OwnText {
  readonly #panel = element("own", HTMLDetailsElement);
  readonly #text = element("own-text", HTMLTextAreaElement);
  readonly #size = element("own-size", HTMLElement);
  #fileName = "";

  constructor(
    private readonly play: (source: Source) => void,
    private readonly maxBytes: () => number,
  ) {
    const form = element("own-form", HTMLFormElement);
    const file = element("own-file", HTMLInputElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#play();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#play();
    });
    this.#text.addEventListener("input", () => {
      this.#fileName = "";
      this.#measure();
    });
    file.addEventListener("change", () => void this.#take(file.files?.[0]));
    for (const type of ["dragover", "dragleave", "drop"])
      this.#panel.addEventListener(type, (event) => {
        event.preventDefault(); // otherwise the browser opens the file
        this.#panel.classList.toggle("over", type === "dragover");
      });
    this.#panel.addEventListener("drop", (event) => void this.#take(event.dataTransfer?.files[0]));
  }

  /** Shows a text to be streamed. */
  fill(text: string): void {
    this.#text.value = text;
    this.#fileName = "";
    this.#panel.open = true;
    this.#measure();
  }

  async #take(file: File | undefined): Promise<void> {
    if (!file) return;
    const text = await file.text();
    this.#panel.open = true;
    this.#text.select();
    // The one way that undo in the field can revert.
    if (!document.execCommand("insertText", false, text)) this.#text.value = text;
    this.#fileName = file.name;
    this.#measure();
  }

  #measure(): void {
    const bytes = new TextEncoder().encode(this.#text.value).length;
    const over = bytes > this.maxBytes();
    this.#size.textContent = `${bytes.toLocaleString("en")} bytes${over ? `, over the limit of ${this.maxBytes().toLocaleString("en")}` : ""}`;
    this.#size.classList.toggle("over-limit", over);
  }

  #play(): void {
    const content = this.#text.value;
    this.play({ name: this.#fileName || "Your own text", content, contentType: typeOf(content, this.#fileName) });
  }
}
