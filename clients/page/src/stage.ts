import type { Editor } from "@tiptap/core";
import {
  LiveStream,
  StreamingError,
  type Listeners,
  type ProducerState,
  type Stream,
  type StreamingClient,
  type StreamOptions,
} from "../../js/src/index.js";
import type { RenderMode } from "../../js/src/dom.js";
import { tiptapRenderer } from "../../js/src/tiptap.js";
import { GapChart } from "./chart.js";
import { eachFrame, element } from "./element.js";
import { Figures } from "./figures.js";
import { Gaps, PACE_MS } from "./gaps.js";
import { timing } from "./timings.js";

export type Request = Required<Pick<StreamOptions, "contentType" | "speed" | "chunkBy" | "htmlMode">> & {
  name: string;
  content: string;
};

/** Shows one stream: chunks in the editor, figures, chart, and its state. */
export class Stage {
  readonly #figures = new Figures();
  readonly #chart = new GapChart();
  readonly #paper = element("paper", HTMLElement);
  readonly #state = element("stream-state", HTMLElement);
  readonly #announcement = element("announcement", HTMLElement);
  readonly #draw = eachFrame(() => this.#drawNow());
  #following = true;
  #stream: Stream | undefined;
  #gaps = new Gaps();
  #askedAt = 0;
  #firstChunkMs: number | undefined;
  #endedAt: number | undefined;

  constructor(
    private readonly editor: Editor,
    private readonly changed: () => void,
    private readonly failed: (error: unknown) => void,
  ) {
    // Scrolling back stops following; scrolling to the end starts it again.
    this.#paper.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#paper;
      this.#following = scrollTop + clientHeight >= scrollHeight - 40;
    });
  }

  get stream(): Stream | undefined {
    return this.#stream;
  }

  get running(): Stream | undefined {
    return this.#endedAt === undefined ? this.#stream : undefined;
  }

  /** Streams into an empty document and cancels the active stream. */
  play(client: StreamingClient, request: Request): Stream {
    const { name, content, contentType, speed, chunkBy, htmlMode } = request;
    return this.#show(name, contentType === "text" ? "text" : htmlMode, (listeners, log) => {
      log(`request: ${contentType}, ${speed}, by ${chunkBy}${contentType === "text" ? "" : `, ${htmlMode}`}`);
      return client.stream(content, { contentType, speed, chunkBy, htmlMode, ...listeners });
    });
  }

  /** Shows a live stream, which another program writes, in an empty document. */
  watch(stream: LiveStream): void {
    const mode = stream.start?.contentType === "text" ? "text" : "incremental";
    this.#show("Live", mode, (listeners) => stream.listen(listeners));
  }

  #show(
    name: string,
    mode: RenderMode,
    open: (listeners: Listeners, log: (text: string) => void) => Stream,
  ): Stream {
    const { running } = this;
    if (running instanceof LiveStream) running.leave();
    else running?.cancel();
    this.#empty();
    const renderer = tiptapRenderer(this.editor, mode);
    const gaps = new Gaps();
    [this.#gaps, this.#firstChunkMs, this.#endedAt, this.#following] = [gaps, undefined, undefined, true];
    this.#askedAt = performance.now();
    const log = timing(name, this.#askedAt);
    let opened: Stream | undefined;
    const isShown = (): boolean => opened === undefined || opened === this.#stream;
    const listeners: Listeners = {
      onStart: ({ totalChunks, traceId, metadata }) =>
        log(`prepared in ${metadata.processing_time_ms} ms: ${totalChunks} chunks, ${metadata.speed_used}, trace ${traceId}`),
      onChunk: (chunk) => {
        if (!isShown()) return; // another stream is
        const now = performance.now();
        gaps.arrived(now);
        if (this.#firstChunkMs === undefined) {
          this.#firstChunkMs = now - this.#askedAt;
          log("first chunk");
        }
        renderer.append(chunk);
        this.#draw();
      },
      onState: (state) => {
        if (state !== "streaming") gaps.interrupted();
        log(state);
        if (isShown()) this.#entered();
      },
      onEnd: ({ totalChunks }) => {
        renderer.stop();
        log(`${totalChunks} chunks; gaps: ${[0.5, 0.95, 1].map((share) => gaps.quantile(share)?.toFixed(1)).join(" / ")} ms (half, 95 %, all)`);
        if (isShown()) this.#ended();
      },
      onError: (error) => {
        renderer.stop();
        log(`failed: ${error instanceof StreamingError ? error.code : String(error)}`);
        if (!isShown()) return;
        this.#ended();
        this.failed(error);
      },
    };
    this.#stream = undefined;
    const stream = (opened = this.#stream = open(listeners, log));
    this.#chart.describe(undefined, 0);
    this.#paper.scrollIntoView({ block: "nearest" });
    this.changed();
    this.#drawNow();
    this.#tick();
    return stream;
  }

  clear(): void {
    this.running?.cancel();
    this.#empty();
  }

  /** Undo does not restore the previous document: it would remove what was streamed since. */
  #empty(): void {
    this.editor.chain().setMeta("addToHistory", false).clearContent().run();
  }

  #entered(): void {
    this.changed();
    this.#draw();
  }

  #ended(): void {
    this.#endedAt = performance.now();
    this.#drawNow();
    this.#chart.describe(this.#gaps, this.#pace);
    this.#announcement.textContent = this.#state.textContent;
    this.changed();
  }

  get #pace(): number {
    return PACE_MS[this.#stream?.start?.metadata.speed_used ?? ""] ?? 0;
  }

  /** The clock also runs between two chunks. */
  #tick(): void {
    if (!this.running) return;
    this.#draw();
    setTimeout(() => this.#tick(), 100);
  }

  #drawNow(): void {
    const stream = this.#stream;
    if (!stream) return;
    const elapsedMs = (this.#endedAt ?? performance.now()) - this.#askedAt;
    this.#state.textContent = inWords(stream);
    this.#figures.show(stream, this.#firstChunkMs, this.#gaps, elapsedMs);
    this.#chart.draw(this.#gaps, this.#pace);
    if (this.#following) this.#paper.scrollTop = this.#paper.scrollHeight;
  }
}

const PRODUCER: Record<ProducerState, string> = {
  writing: "Being written",
  stalled: "Its writer is silent",
  interrupted: "Its writer is lost",
};

function inWords(stream: Stream): string {
  const { state, received, start } = stream;
  const isLive = stream instanceof LiveStream;
  const count = start && !isLive ? `${received} of ${start.totalChunks} chunks` : `${received} chunks`;
  if (isLive && state === "streaming") return `${PRODUCER[stream.producer]}: ${count}`;
  switch (state) {
    case "waiting":
      return "Requested, waiting…";
    case "streaming":
      return `Streaming: ${count}`;
    case "paused":
      return `Paused after ${count}`;
    case "broken":
      return `Interrupted after ${count}, reconnecting…`;
    case "complete":
      return `Complete: ${received} chunks`;
    case "cancelled":
      return `Cancelled after ${count}`;
    case "failed":
      return `Failed after ${count}`;
  }
}
