import type { Stream } from "../../js/src/index.js";
import type { Beside } from "./beside.js";
import { element } from "./element.js";
import type { Stage } from "./stage.js";

/** The buttons over the document: for what streams, and for the document. */
export class Transport {
  readonly #pause = element("pause", HTMLButtonElement);
  readonly #skip = element("skip", HTMLButtonElement);
  readonly #cancel = element("cancel", HTMLButtonElement);
  readonly #again = element("again", HTMLButtonElement);
  readonly #clear = element("clear", HTMLButtonElement);
  readonly #undo = element("undo", HTMLButtonElement);
  readonly #redo = element("redo", HTMLButtonElement);

  constructor(
    private readonly stage: Stage,
    private readonly beside: Beside,
    private readonly repeat: { again: () => void; canRepeat: () => boolean },
  ) {
    this.#pause.addEventListener("click", () => {
      const paused = stage.running?.state === "paused";
      this.#each((stream) => (paused ? stream.resume() : stream.pause()));
    });
    this.#skip.addEventListener("click", () => this.#each((stream) => stream.skip()));
    this.#cancel.addEventListener("click", () => this.#each((stream) => stream.cancel()));
    this.#again.addEventListener("click", repeat.again);
    this.#clear.addEventListener("click", () => {
      stage.clear();
      beside.close();
    });
    this.#undo.addEventListener("click", () => stage.undo());
    this.#redo.addEventListener("click", () => stage.redo());
  }

  get shortcuts(): Record<string, HTMLElement> {
    return { KeyP: this.#pause, KeyS: this.#skip, KeyX: this.#cancel, KeyA: this.#again, KeyL: this.#clear };
  }

  /** Shows what can be pressed. */
  show(): void {
    const { running, past } = this.stage;
    const paused = running?.state === "paused";
    this.#pause.disabled = this.#skip.disabled = this.#cancel.disabled = !running;
    this.#again.disabled = !this.repeat.canRepeat();
    this.#undo.disabled = !past.canUndo;
    this.#redo.hidden = !past.canRedo;
    this.#pause.querySelector("span")!.textContent = paused ? "Resume" : "Pause";
    this.#pause.querySelector("path")!.setAttribute("d", paused ? "m5 3.5 7 4.5-7 4.5z" : "M5.5 3.5v9M10.5 3.5v9");
  }

  /** Does it with what streams, and with what streams beside it. */
  #each(act: (stream: Stream) => void): void {
    for (const stream of [this.stage.running, this.beside.stream]) if (stream) act(stream);
  }
}
