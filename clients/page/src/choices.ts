import { element } from "./element.js";
import { Storing } from "./storage.js";

const storing = new Storing("localStorage", "streaming-choices");

/** The fields of the page, by their short names in an address. */
const FIELDS: Record<string, string> = {
  type: "content_type",
  speed: "speed",
  split: "chunk_by",
  mode: "html_mode",
  view: "view",
  play: "play",
};

/** What differs from the defaults, by the names in an address. */
export type Chosen = Record<string, string>;

/** The fields for how it is streamed and shown. They are remembered, and can be part of an address. */
export class Choices {
  readonly #form = element("settings", HTMLFormElement);

  constructor(changed: () => void) {
    this.chosen = storing.json<Chosen>() ?? {};
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("change", ({ target }) => {
      if ((target as HTMLInputElement).form !== this.#form) return;
      storing.text = JSON.stringify(this.chosen);
      changed();
    });
  }

  get chosen(): Chosen {
    const values = Object.entries(FIELDS).map(([name, field]) => [name, this.#read(field)]);
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  /** Everything else gets its default; what a field does not offer is ignored. */
  set chosen(chosen: Chosen) {
    this.#form.reset();
    for (const [name, field] of Object.entries(FIELDS)) if (chosen[name]) this.#write(field, chosen[name]);
  }

  /** The value of a field by its own name. */
  get<Value extends string>(field: string): Value {
    return (this.#form.elements.namedItem(field) as HTMLSelectElement).value as Value;
  }

  #read(field: string): string {
    const found = this.#form.elements.namedItem(field);
    if (found instanceof HTMLInputElement) return found.checked ? "" : "off";
    if (!(found instanceof HTMLSelectElement)) return "";
    return found.selectedIndex > 0 ? found.value : ""; // the first option is the default
  }

  #write(field: string, value: string): void {
    const found = this.#form.elements.namedItem(field);
    if (found instanceof HTMLInputElement) found.checked = value !== "off";
    else if (found instanceof HTMLSelectElement && [...found.options].some((option) => option.value === value)) found.value = value;
  }
}
