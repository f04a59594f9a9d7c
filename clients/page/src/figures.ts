import { LiveStream } from "../../js/src/index.js";
import { copy } from "./clipboard.js";
import { element, made } from "./element.js";
import type { Showing } from "./showing.js";

const NAMES = ["First chunk", "Chunks", "Median gap", "95 % of gaps below", "Preparation", "Duration", "Speed", "Complexity"] as const;

type Name = (typeof NAMES)[number];

/** The live figures of a stream, its progress and its trace id. */
export class Figures {
  readonly #values: Record<Name, HTMLElement>;
  readonly #progress = element("progress", HTMLProgressElement);
  readonly #trace = element("trace", HTMLElement);
  readonly #copy = element("copy-trace", HTMLButtonElement);

  constructor() {
    const list = element("figures", HTMLElement);
    this.#values = Object.fromEntries(
      NAMES.map((name) => {
        const [group, value] = [made("div"), made("dd", "–")];
        group.append(made("dt", name), value);
        list.append(group);
        return [name, value];
      }),
    ) as Record<Name, HTMLElement>;
    this.#copy.addEventListener("click", () => void copy(this.#trace.textContent ?? "", this.#copy, this.#trace));
  }

  show({ stream, firstChunkMs, gaps, elapsedMs, traceId }: Showing): void {
    if (!stream) return;
    const { start, state, received } = stream;
    const isLive = stream instanceof LiveStream; // nothing of it is planned
    const { processing_time_ms, complexity } = (!isLive && start?.metadata) || {};
    this.#set("First chunk", milliseconds(firstChunkMs));
    this.#set("Chunks", !start ? "–" : isLive ? `${received}` : `${received} of ${start.totalChunks}`);
    this.#set("Median gap", milliseconds(gaps.quantile(0.5)));
    this.#set("95 % of gaps below", milliseconds(gaps.quantile(0.95)));
    this.#set("Preparation", milliseconds(processing_time_ms));
    this.#set("Duration", `${(elapsedMs / 1000).toFixed(2)} s`);
    this.#set("Speed", start?.metadata.speed_used ?? "–");
    this.#set("Complexity", complexity ?? "–");
    this.#progress.max = (isLive && state !== "complete" ? undefined : start?.totalChunks) || Math.max(1, received);
    this.#progress.value = state === "complete" ? this.#progress.max : received; // fewer after a skip
    if (this.#trace.textContent !== (traceId ?? "–")) this.#trace.textContent = traceId ?? "–";
    this.#copy.disabled = !traceId;
  }

  #set(name: Name, text: string): void {
    const value = this.#values[name];
    if (value.textContent !== text) value.textContent = text;
  }
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}
