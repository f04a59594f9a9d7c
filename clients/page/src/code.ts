import { copy } from "./clipboard.js";
import { slug } from "./address.js";
import { element, made } from "./element.js";
import { FRAMEWORKS, snippet, type Coded, type Framework } from "./snippets.js";
import { Storing } from "./storage.js";

const SHOWN = 240;
const storing = new Storing("localStorage", "streaming-code");

/** The code of what is shown, for a framework. */
export class CodePanel {
  readonly #panel = element("code", HTMLDetailsElement);
  readonly #frameworks = element("frameworks", HTMLElement);
  readonly #text = element("code-text", HTMLElement);
  readonly #note = element("code-note", HTMLElement);
  #coded: Coded | undefined;
  #framework: Framework = "Plain page";
  /** By the page, and not by the reader. */
  #isOpened = false;

  /** `chosen` is called when the reader has chosen another framework. */
  constructor(private readonly chosen: () => void) {
    for (const framework of FRAMEWORKS) this.#frameworks.append(made("button", framework, { type: "button", onclick: () => this.#choose(framework) }));
    const button = element("copy-code", HTMLButtonElement);
    button.addEventListener("click", () => this.#coded && void copy(this.#snippet(this.#coded), button, this.#text));
    this.#panel.addEventListener("toggle", () => {
      this.#draw();
      if (this.#panel.open !== this.#isOpened) this.#remember();
      this.#isOpened = this.#panel.open;
    });
    this.open(storing.text);
  }

  /** The framework that is shown, as in an address; empty if none is. */
  get shown(): string {
    return this.#panel.open ? slug(this.#framework) : "";
  }

  open(name: string | undefined): void {
    const framework = FRAMEWORKS.find((known) => slug(known) === name);
    if (!framework) return;
    this.#framework = framework;
    this.#panel.open = this.#isOpened = true;
    this.#draw();
  }

  show(coded: Coded): void {
    this.#coded = coded;
    this.#draw();
  }

  #choose(framework: Framework): void {
    this.#framework = framework;
    this.#draw();
    this.#remember();
  }

  #draw(): void {
    for (const button of this.#frameworks.children) button.ariaPressed = String(button.textContent === this.#framework);
    if (!this.#panel.open) return;
    const coded = this.#coded;
    const isLong = coded !== undefined && "content" in coded && coded.content.length > SHOWN;
    const shown = isLong ? { ...coded, content: `${coded.content.slice(0, SHOWN)}…` } : coded;
    this.#text.textContent = shown ? this.#snippet(shown) : "Nothing has been streamed yet.";
    this.#note.textContent = isLong ? "The text is shortened here; the copy has all of it." : "";
  }

  #remember(): void {
    storing.text = this.shown;
    this.chosen();
  }

  #snippet(coded: Coded): string {
    const service = new URL(".", location.href).href.replace(/\/$/, "");
    return snippet(this.#framework, coded, service);
  }
}
