import { StreamingError } from "../../js/src/errors.js";
import type { ErrorCode } from "../../js/src/errors.js";
import { element, made } from "./element.js";

/** What each code means, and what its reader can do. */
const advice: Record<ErrorCode, [meaning: string, remedy: string]> = {
  RATE_LIMIT_EXCEEDED: ["This session has used up its requests.", "Begin a new session, or wait until this one ends."],
  SESSION_TIMEOUT: ["The session's time was over.", "Send it again: the next connection begins a new session."],
  IDLE_TIMEOUT: ["Nothing was sent for too long, so the service closed the connection.", "Send it again. A ping now and then keeps a connection open."],
  CONTENT_TOO_LARGE: ["The content has more bytes than the service takes.", "Send less, or in parts. The limit stands under “Session”."],
  INVALID_CONTENT_TYPE: ["The service does not know this type.", "Send text, html or markdown."],
  INVALID_CHUNK_STRATEGY: ["The service does not know this way to cut.", "Send word, sentence, paragraph or character."],
  INVALID_CONTROL_ACTION: ["The service does not know this control.", "Send pause, resume, skip or cancel."],
  CHUNKING_ERROR: ["The content grew over its limit as it was converted, or could not be cut.", "Send less, or simpler markup."],
  PROCESSING_ERROR: ["The content could not be processed.", "Try once more. If it fails again, report the trace id."],
  STREAM_ERROR: ["This page was too slow to take the chunks in, so the service cut it off.", "Send it again, at a slower speed if it repeats."],
  EMPTY_CONTENT: ["There is nothing to show: the content is empty, or was after unsafe markup had been taken out.", "Send content with text in it."],
  UNKNOWN_MESSAGE_TYPE: ["The service does not know this message.", "Page and service may differ in version: load the page anew."],
  INTERNAL_ERROR: ["Something broke inside of the service.", "Try again soon. If it lasts, report the id in the message."],
  INVALID_MESSAGE: ["The service could not read the message.", "Content must be sound Unicode. Load the page anew if it repeats."],
  INVALID_SPEED: ["The service does not know this speed.", "Send slow, normal, fast, superfast or adaptive."],
  INVALID_HTML_MODE: ["The service does not know this HTML mode.", "Send fragment or incremental."],
  QUEUE_FULL: ["Ten requests wait on this connection already.", "Wait until one has ended, or cancel one."],
  NO_ACTIVE_STREAM: ["The control came when no stream was running; it may just have ended.", "Nothing needs to be done."],
  OVER_CAPACITY: ["The service has as many connections as it takes.", "Try again in some seconds."],
  STREAM_TAKEN_OVER: ["Another connection went on with this stream.", "Look for another tab with this session."],
  NOT_RECOVERABLE: ["The connection broke and the service cannot go on with the stream. What is shown is right, but not all.", "Send it again."],
  CONNECTION_LOST: ["The service could not be reached.", "See that it runs and that this page's origin is in ALLOWED_ORIGINS, then try again."],
  CLIENT_CLOSED: ["The page closed the connection.", "Send it again."],
};

interface Remedies {
  again: () => void;
  newSession: () => void;
}

/** The place where an error is shown, with what it means and what can be done about it. */
export class FaultNotice {
  readonly #place = element("fault", HTMLElement);

  constructor(private readonly remedies: Remedies) {}

  show(error: unknown): void {
    const known = error instanceof StreamingError ? advice[error.code] : undefined;
    const [meaning, remedy] = known ?? ["The page itself failed.", "Load it anew; the console says more."];
    const actions = made("div", "", { className: "row" });
    if (error instanceof StreamingError && error.code === "RATE_LIMIT_EXCEEDED")
      actions.append(this.#action("New session", this.remedies.newSession));
    else if (error instanceof StreamingError && error.retryable)
      actions.append(this.#action("Send it again", this.remedies.again));
    actions.append(this.#action("Close", () => {}));
    this.#place.replaceChildren(
      made("code", error instanceof StreamingError ? error.code : "ERROR"),
      made("p", error instanceof Error ? error.message : String(error)),
      made("p", `${meaning} ${remedy}`, { className: "meaning" }),
      actions,
    );
    this.#place.hidden = false;
    this.#place.scrollIntoView({ block: "nearest" });
  }

  clear(): void {
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }

  #action(label: string, act: () => void): HTMLButtonElement {
    const onclick = (): void => {
      this.clear();
      act();
    };
    return made("button", label, { type: "button", onclick });
  }
}
