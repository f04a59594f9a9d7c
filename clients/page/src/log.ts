import { eachFrame, element, made } from "./element.js";

const KEPT = 300;
const GIST = 140;
const WHOLE = 4000;

export type Direction = "in" | "out";

/**
 * The latest messages, each expandable. It is one tab stop; arrow keys move between messages. Rows are minimal, because
 * they are added in every frame.
 */
export class MessageLog {
  readonly #list = element("log", HTMLOListElement);
  readonly #messages = new WeakMap<Element, object>();
  readonly #began = performance.now();
  #news: HTMLLIElement[] = [];
  /** What the button cleared, until it is brought back. */
  #cleared: Element[] = [];
  #following = true;
  readonly #show = eachFrame(() => this.#append());

  constructor() {
    const list = this.#list;
    const chunks = element("log-chunks", HTMLInputElement);
    chunks.addEventListener("change", () => list.classList.toggle("without-chunks", !chunks.checked));
    const undo = element("log-undo", HTMLButtonElement);
    element("log-clear", HTMLButtonElement).addEventListener("click", () => {
      this.#cleared = [...list.children];
      list.replaceChildren();
      undo.disabled = false;
    });
    undo.addEventListener("click", () => {
      list.prepend(...this.#cleared.splice(0));
      undo.disabled = true;
    });
    list.addEventListener("scroll", () => {
      this.#following = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
    });
    list.addEventListener("click", ({ target }) => {
      const row = target instanceof Element ? target.closest("button") : null;
      if (row) this.#toggle(row);
    });
    list.addEventListener("keydown", (event) => this.#go(event));
  }

  add(direction: Direction, message: object): void {
    const { type = "?", ...rest } = message as { type?: string };
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(2).padStart(7);
    const row = made("button", `${seconds} ${direction === "in" ? "←" : "→"} ${type} `, { type: "button", tabIndex: -1 });
    row.setAttribute("aria-expanded", "false");
    row.append(made("span", gist(rest)));
    const item = made("li", "", { className: `${direction === "in" ? "received" : "sent"} ${type}` });
    item.append(row);
    this.#messages.set(row, message);
    this.#news.push(item);
    this.#show();
  }

  #append(): void {
    const list = this.#list;
    list.append(...this.#news.splice(0).slice(-KEPT));
    for (let over = list.children.length - KEPT; over > 0; over--) list.firstElementChild?.remove();
    if (this.#following) list.scrollTop = list.scrollHeight;
  }

  #toggle(row: Element): void {
    const message = this.#messages.get(row);
    const opened = row.nextElementSibling;
    row.setAttribute("aria-expanded", String(!opened));
    if (opened) opened.remove();
    else if (message) {
      const json = JSON.stringify(message, null, 1);
      row.after(made("pre", json.length > WHOLE ? `${json.slice(0, WHOLE)} …` : json));
    }
  }

  #go(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const rows = [...this.#list.querySelectorAll("button")].filter((row) => row.offsetParent);
    const at = rows.findIndex((row) => row === document.activeElement);
    rows.at(at < 0 ? -1 : Math.min(Math.max(at + step, 0), rows.length - 1))?.focus();
  }
}

function gist(message: object): string {
  const { data, index, close, code, action, content, ...others } = message as Record<string, unknown>;
  if (data !== undefined) return clipped(`${index} ${JSON.stringify(data)}${close ? ` + ${close}` : ""}`);
  if (code !== undefined) return String(code);
  if (action !== undefined) return String(action);
  if (typeof content === "string") return clipped(JSON.stringify(content.slice(0, GIST)));
  const known = others as { total_chunks?: number; session_id?: string };
  if (known.total_chunks !== undefined) return `${known.total_chunks} chunks`;
  return known.session_id ?? "";
}

function clipped(text: string): string {
  return text.length > GIST ? `${text.slice(0, GIST)}…` : text;
}
