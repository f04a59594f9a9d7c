import { element } from "./element.js";
import type { Gaps } from "./gaps.js";

const SHOWN = 240;
const LEFT = 36;
const RIGHT = 338;
const TOP = 8;
const BOTTOM = 96;
const LATE = 1.5; // times the pace

/** The latest gaps as bars, and the pace as a line. */
export class GapChart {
  readonly #chart = element("chart", SVGSVGElement);
  readonly #text = element("chart-text", HTMLElement);
  readonly #bars = shape("path", "bars");
  readonly #late = shape("path", "late");
  readonly #breaks = shape("path", "breaks");
  readonly #outage = shape("text", "outage");
  readonly #pace = shape("path", "pace");
  readonly #mark = shape("text", "mark");
  readonly #top = shape("text", "mark");

  constructor() {
    const base = shape("path", "base");
    base.setAttribute("d", `M${LEFT} ${BOTTOM}H${RIGHT}`);
    for (const mark of [this.#mark, this.#top]) {
      mark.setAttribute("x", String(LEFT - 6));
      mark.setAttribute("text-anchor", "end");
    }
    this.#outage.setAttribute("text-anchor", "middle");
    this.#chart.replaceChildren(base, this.#breaks, this.#bars, this.#late, this.#pace, this.#mark, this.#top, this.#outage);
    this.draw(undefined, 0);
  }

  /** Without a pace, no gap is late. */
  draw(gaps: Gaps | undefined, pace: number): void {
    const shown = gaps?.all.slice(-SHOWN) ?? [];
    const first = (gaps?.all.length ?? 0) - shown.length;
    const isBreak = (place: number): boolean => gaps?.breaks.has(first + place) ?? false;
    const longest = Math.max(...shown.filter((_gap, place) => !isBreak(place)), 1);
    const top = Math.max(2 * pace, Math.min(longest, 4 * (pace || Infinity)));
    const height = (gap: number): number => BOTTOM - (Math.min(gap, top) / top) * (BOTTOM - TOP);
    const width = (RIGHT - LEFT) / Math.max(shown.length, 36);
    let [bars, late, breaks] = ["", "", ""];
    label(this.#outage, TOP, "");
    shown.forEach((gap, place) => {
      const x = LEFT + (place + 0.5) * width;
      const bar = `M${x.toFixed(1)} ${BOTTOM}V${height(isBreak(place) ? top : gap).toFixed(1)}`;
      if (isBreak(place)) {
        breaks += bar;
        this.#outage.setAttribute("x", Math.min(Math.max(x, LEFT + 30), RIGHT - 30).toFixed(1));
        label(this.#outage, TOP - 9, `${(gap / 1000).toFixed(1)} s without a line`);
      } else if (pace && gap > LATE * pace) late += bar;
      else bars += bar;
    });
    this.#bars.setAttribute("d", bars);
    this.#late.setAttribute("d", late);
    this.#breaks.setAttribute("d", breaks);
    this.#breaks.setAttribute("stroke-width", Math.max(width * 0.62, 2.5).toFixed(2));
    for (const path of [this.#bars, this.#late]) path.setAttribute("stroke-width", (width * 0.62).toFixed(2));
    this.#pace.setAttribute("d", pace ? `M${LEFT} ${height(pace)}H${RIGHT}` : "");
    label(this.#mark, pace ? height(pace) : BOTTOM, pace ? `${pace}` : "");
    label(this.#top, TOP, pace ? `${Math.round(top)} ms` : "");
  }

  /** The text alternative. */
  describe(gaps: Gaps | undefined, pace: number): void {
    const [middle, most, longest] = [0.5, 0.95, 1].map((share) => gaps?.quantile(share)?.toFixed(1));
    const text =
      middle === undefined
        ? "The time between two pieces, measured on this page."
        : `Pace ${pace} ms; median gap ${middle} ms, 95 % below ${most} ms, longest ${longest} ms.${outages(gaps)}`;
    this.#text.textContent = text;
    this.#chart.setAttribute("aria-label", text);
  }
}

function outages(gaps: Gaps | undefined): string {
  const seconds = [...(gaps?.breaks ?? [])].map((place) => `${(gaps!.all[place]! / 1000).toFixed(1)} s`);
  return seconds.length ? ` Without a line: ${seconds.join(", ")}.` : "";
}

function shape<Name extends "path" | "text">(name: Name, kind: string): SVGElementTagNameMap[Name] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  made.setAttribute("class", kind);
  return made;
}

function label(mark: SVGTextElement, y: number, text: string): void {
  mark.setAttribute("y", (y + 3.5).toFixed(1));
  mark.textContent = text;
}
