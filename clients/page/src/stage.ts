import type { Editor } from "@tiptap/core";
import {
  LiveStream,
  StreamingError,
  type Listeners,
  type Stream,
  type StreamingClient,
  type StreamOptions,
} from "../../js/src/index.js";
import { announcer } from "../../js/src/announce.js";
import { tiptapRenderer } from "../../js/src/tiptap.js";
import { GapChart } from "./chart.js";
import { eachFrame, element } from "./element.js";
import { Figures } from "./figures.js";
import { Past } from "./past.js";
import { Showing } from "./showing.js";
import { timing } from "./timings.js";
import { newTrace } from "./trace.js";
import { inWords } from "./words.js";

export type Request = Required<Pick<StreamOptions, "contentType" | "speed" | "chunkBy" | "htmlMode">> & {
  name: string;
  content: string;
};

interface Audience {
  /** What can be pressed may have changed. */
  changed(): void;
  failed(error: unknown): void;
  ended(showing: Showing): void;
}

/** Shows one stream: chunks in the editor, figures, chart, and its state. */
export class Stage {
  readonly past: Past;
  readonly #figures = new Figures();
  readonly #chart = new GapChart();
  readonly #paper = element("paper", HTMLElement);
  readonly #state = element("stream-state", HTMLElement);
  readonly #announcement = element("announcement", HTMLElement);
  readonly #draw = eachFrame(() => this.#drawNow());
  #following = true;
  #showing: Showing | undefined;
  /** Whether what arrives goes into the document: not after the document was cleared or replaced by an earlier one. */
  #isRendering = false;

  constructor(
    private readonly editor: Editor,
    private readonly audience: Audience,
  ) {
    this.past = new Past(editor, () => this.audience.changed());
    // Scrolling back stops following; scrolling to the end starts it again.
    this.#paper.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#paper;
      this.#following = scrollTop + clientHeight >= scrollHeight - 40;
    });
  }

  get showing(): Showing | undefined {
    return this.#showing;
  }

  get stream(): Stream | undefined {
    return this.#showing?.stream;
  }

  get running(): Stream | undefined {
    return this.#showing?.running;
  }

  /** Streams into an empty document and cancels the active stream. */
  play(client: StreamingClient, request: Request): Stream {
    const { name, content, contentType, speed, chunkBy, htmlMode } = request;
    const { id, trace } = newTrace();
    const mode = contentType === "text" ? "text" : htmlMode;
    const options = { contentType, speed, chunkBy, htmlMode };
    this.#begin(new Showing(name, mode, (other) => other.stream(content, options), id), (listeners, log) => {
      log(`request: ${contentType}, ${speed}, by ${chunkBy}${contentType === "text" ? "" : `, ${htmlMode}`}`);
      return client.stream(content, { ...options, trace, ...listeners });
    });
    return this.stream!;
  }

  /** Shows a stream from before the page was loaded again, from its first chunk on. */
  goOn(stream: Stream, { name, content, ...options }: Request): void {
    const mode = options.contentType === "text" ? "text" : options.htmlMode;
    this.#begin(new Showing(name, mode, (client) => client.stream(content, options)), (listeners) => stream.listen(listeners));
  }

  /** Shows a live stream, which another program writes, in an empty document. */
  watch(stream: LiveStream): void {
    const mode = stream.start?.contentType === "text" ? "text" : "incremental";
    const again = (client: StreamingClient): Stream => client.watch(stream.streamId, { htmlMode: "incremental" });
    this.#begin(new Showing("Live", mode, again), (listeners) => stream.listen(listeners));
  }

  clear(): void {
    this.running?.cancel(); // a live one for all who read it
    this.#abandon();
    this.past.replace();
  }

  /** Brings back the document that was replaced last. What streams is cancelled; a redo brings back what it had shown. */
  undo(): void {
    if (!this.past.canUndo) return;
    this.#abandon();
    this.past.undo();
  }

  redo(): void {
    if (!this.past.canRedo) return;
    this.#abandon();
    this.past.redo();
  }

  #begin(showing: Showing, open: (listeners: Listeners, log: (text: string) => void) => Stream): void {
    this.#abandon();
    this.past.replace();
    this.#following = this.#isRendering = true;
    this.#showing = showing;
    showing.renderer = tiptapRenderer(this.editor, showing.mode);
    showing.stream = open(this.#listeners(showing), timing(showing.name, showing.askedAt));
    this.#chart.describe(undefined, 0);
    if (navigator.userActivation?.hasBeenActive) this.#paper.scrollIntoView({ block: "nearest" }); // not what plays by itself
    this.audience.changed();
    this.#drawNow();
    this.#tick();
  }

  /** Ends what streams; the page has no further use for it. */
  #abandon(): void {
    const { running } = this;
    this.#isRendering = false;
    this.#showing?.renderer?.stop();
    if (running instanceof LiveStream) running.leave();
    else running?.cancel();
  }

  #listeners(showing: Showing): Listeners {
    const { gaps } = showing;
    const log = timing(showing.name, showing.askedAt);
    const isShown = (): boolean => showing === this.#showing;
    const announce = announcer(this.#paper, { region: this.#announcement, texts: { started: `${showing.name} streams.` } });
    return {
      onStart: ({ totalChunks, traceId, metadata }) =>
        log(`prepared in ${metadata.processing_time_ms} ms: ${totalChunks} chunks, ${metadata.speed_used}, trace ${traceId}`),
      onChunk: (chunk) => {
        if (!isShown()) return; // another stream is
        if (showing.firstChunkMs === undefined) log("first chunk");
        showing.take(chunk, this.#isRendering);
        this.#draw();
      },
      onState: (state) => {
        if (state === "broken") gaps.broke();
        else if (state !== "streaming") gaps.interrupted();
        log(state);
        if (!isShown()) return;
        announce(state);
        this.audience.changed();
        this.#draw();
      },
      onEnd: ({ totalChunks }) => {
        showing.end();
        log(`${totalChunks} chunks; gaps: ${[0.5, 0.95, 1].map((share) => gaps.quantile(share)?.toFixed(1)).join(" / ")} ms (half, 95 %, all)`);
        if (isShown()) this.#ended(showing);
      },
      onError: (error) => {
        showing.end();
        log(`failed: ${error instanceof StreamingError ? error.code : String(error)}`);
        if (!isShown()) return;
        this.#ended(showing);
        this.audience.failed(error);
      },
    };
  }

  #ended(showing: Showing): void {
    this.#drawNow();
    this.#chart.describe(showing.gaps, showing.paceMs);
    this.audience.changed();
    this.audience.ended(showing);
  }

  /** The clock also runs between two chunks. */
  #tick(): void {
    if (!this.running) return;
    this.#draw();
    setTimeout(() => this.#tick(), 100);
  }

  #drawNow(): void {
    const showing = this.#showing;
    if (!showing?.stream) return;
    this.#state.textContent = inWords(showing.stream);
    this.#figures.show(showing);
    this.#chart.draw(showing.gaps, showing.paceMs);
    if (this.#following) this.#paper.scrollTop = this.#paper.scrollHeight;
  }
}
