import { LiveStream, type Stream, type StreamingClient } from "../../js/src/index.js";
import { element, made } from "./element.js";
import { characters, fingerprint, Kept } from "./kept.js";
import type { Line } from "./line.js";
import type { Showing } from "./showing.js";

const SECONDS = 4;

/** The button that cuts the line, and the proof that nothing was lost. */
export class Trial {
  readonly #button = element("cut", HTMLButtonElement);
  readonly #label = this.#button.querySelector("span")!;
  readonly #text = element("proof", HTMLElement);
  #cutAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The streams that were cut, with the chunks that had arrived by then. */
  readonly #cuts = new WeakMap<Showing, { received: number; seconds: number }>();

  constructor(
    private readonly line: Line,
    private readonly showing: () => Showing | undefined,
  ) {
    this.#button.addEventListener("click", () => (line.isCut ? this.#repair() : this.#cut()));
  }

  clear(): void {
    if (!this.line.isCut) this.#write("");
  }

  /** Compares what has arrived with the same content in one piece, if the stream was cut. */
  async prove(showing: Showing, client: StreamingClient): Promise<void> {
    const cut = this.#cuts.get(showing);
    const { stream, kept } = showing;
    if (!cut || stream?.state !== "complete") return;
    this.#write("The stream is complete. Comparing it with the same content in one piece…");
    let sentence: string;
    try {
      const whole = await inOnePiece(showing.again(client));
      const print = await fingerprint(kept.text);
      const count = characters(kept.text).toLocaleString("en");
      const where = `The line was cut after ${cut.received} chunks, for ${cut.seconds.toFixed(1)} s.`;
      sentence =
        whole === kept.text
          ? `${where} Not a character is missing: the ${count} characters that arrived are those that the service sends in one piece${print ? ` (SHA-256 ${print}…)` : ""}.`
          : `${where} What arrived differs from what the service sends in one piece: ${count} characters, not ${characters(whole).toLocaleString("en")}.`;
    } catch (error) {
      sentence = `The stream is complete, but the service did not send it once more to compare: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (this.showing() === showing) this.#write(sentence, true);
  }

  #cut(): void {
    const showing = this.showing();
    const { running } = showing ?? {};
    this.#cutAt = performance.now();
    if (showing && running) this.#cuts.set(showing, { received: running.received, seconds: 0 });
    this.line.cut();
    this.#label.textContent = "Repair it now";
    this.#write(running ? "The socket is closed. The stream will go on where it was, in" : "The socket is closed. The page connects again in");
    const clock = made("span"); // not announced each second
    clock.ariaHidden = "true";
    this.#text.append(clock);
    const count = (left: number): void => {
      if (left === 0) return this.#repair();
      clock.textContent = ` ${left} s`;
      this.#timer = setTimeout(() => count(left - 1), 1000);
    };
    count(SECONDS);
  }

  #repair(): void {
    clearTimeout(this.#timer);
    const showing = this.showing();
    const cut = showing && this.#cuts.get(showing);
    if (cut) cut.seconds += (performance.now() - this.#cutAt) / 1000;
    this.line.repair();
    this.#label.textContent = "Cut the line";
    this.#write(showing?.running ? "The line is back, and the rest arrives." : "The line is back.");
  }

  #write(text: string, isProof = false): void {
    this.#text.textContent = text;
    this.#text.hidden = !text;
    this.#text.classList.toggle("proven", isProof);
  }
}

/** All content of a stream, without its pace. */
async function inOnePiece(stream: Stream): Promise<string> {
  const whole = new Kept();
  if (!(stream instanceof LiveStream)) stream.skip();
  for await (const chunk of stream) whole.append(chunk);
  return whole.text;
}
