import type { HtmlMode, Stream, StreamingClient } from "../../js/src/index.js";
import { domRenderer } from "../../js/src/dom.js";
import story from "../../../service/publishing/live_sample.md";
import { element } from "./element.js";
import type { Request } from "./stage.js";

/** What each mode looks like. */
const MODES: Record<HtmlMode, string> = {
  incremental: "Incremental: words appear inside open elements",
  fragment: "Fragment: elements appear when they are complete",
};

/**
 * A second document beside the first, on a plain page without an editor: the same content in the other HTML mode, or the
 * text of the live sample as it is when it is finished.
 */
export class Beside {
  readonly #pane = element("beside", HTMLElement);
  readonly #caption = element("beside-caption", HTMLElement);
  readonly #ownCaption = element("caption", HTMLElement);
  readonly #document = element("beside-document", HTMLElement);
  #client: StreamingClient | undefined;
  #stream: Stream | undefined;

  /** `connect` makes a client of another session, so that both streams run at once. */
  constructor(private readonly connect: () => StreamingClient) {}

  get stream(): Stream | undefined {
    return this.#stream;
  }

  /** Shows the other mode of a request that begins in the first document. */
  showOtherMode(request: Request): void {
    if (request.contentType === "text") return this.#open("Text is the same in both modes: choose HTML or Markdown.", "");
    const htmlMode = request.htmlMode === "fragment" ? "incremental" : "fragment";
    this.#open(MODES[htmlMode], MODES[request.htmlMode]);
    this.#play({ ...request, htmlMode });
  }

  /** Shows the text of the live sample, streamed as a finished one. */
  showFinished(): void {
    this.#open("Finished: the same text as one request", "Live: written while you read it");
    this.#play({ name: "", content: story, contentType: "markdown", speed: "superfast", chunkBy: "word", htmlMode: "incremental" });
  }

  close(): void {
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#pane.hidden = this.#ownCaption.hidden = true;
    void this.#client?.close();
    this.#client = undefined;
  }

  #open(caption: string, ownCaption: string): void {
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#document.replaceChildren();
    this.#caption.textContent = caption;
    this.#ownCaption.textContent = ownCaption;
    this.#pane.hidden = false;
    this.#ownCaption.hidden = !ownCaption;
  }

  #play({ content, contentType, speed, chunkBy, htmlMode }: Request): void {
    this.#client ??= this.connect();
    const place = this.#document;
    const { append } = domRenderer(place, htmlMode);
    const stream: Stream = this.#client.stream(content, {
      contentType,
      speed,
      chunkBy,
      htmlMode,
      onChunk: (chunk) => {
        if (stream !== this.#stream) return;
        append(chunk);
        for (const coloured of place.querySelectorAll<HTMLElement>('[style*="color"]:not([style*="--written"])'))
          if (coloured.style.color) coloured.style.setProperty("--written", coloured.style.color); // as in the editor
        place.scrollTop = place.scrollHeight;
      },
      onState: () => (place.ariaBusy = String(!["complete", "cancelled", "failed"].includes(stream.state))),
      onError: (error) => {
        if (stream === this.#stream) this.#caption.textContent = error instanceof Error ? error.message : String(error);
      },
    });
    this.#stream = stream;
  }
}
