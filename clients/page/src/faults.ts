import { StreamingError } from "../../js/src/errors.js";
import type { ErrorCode } from "../../js/src/errors.js";
import { element, made } from "./element.js";

/** The meaning of each code, and a remedy. */
const advice: Record<ErrorCode, [meaning: string, remedy: string]> = {
  RATE_LIMIT_EXCEEDED: ["This session has used up its requests, or its user a quota.", "Wait, or start a new session."],
  SESSION_TIMEOUT: ["The session has ended.", "Send it again: the next connection starts a new session."],
  IDLE_TIMEOUT: ["Nothing was sent for too long, so the service closed the connection.", "Send it again. A ping keeps a connection open."],
  CONTENT_TOO_LARGE: ["The content exceeds the size limit of the service.", "Send less, or in parts. The limit is shown under “Session”."],
  CONNECTION_REFUSED: ["The service answers, but accepts no connection of this page.", "Its operator can add the origin of this page to ALLOWED_ORIGINS."],
  CONNECTION_IMPOSSIBLE: ["This browser cannot open a connection to this address.", "Check the address of the page."],
  INVALID_CONTENT_TYPE: ["The service does not support this content type.", "Send text, html or markdown."],
  INVALID_CHUNK_STRATEGY: ["The service does not support this chunk strategy.", "Send word, sentence, paragraph or character."],
  INVALID_CONTROL_ACTION: ["The service does not support this control.", "Send pause, resume, skip, cancel or leave."],
  CHUNKING_ERROR: ["The content exceeded its limit during conversion, or could not be split.", "Send less, or simpler markup."],
  PROCESSING_ERROR: ["The content could not be processed.", "Try again. If it fails again, report the trace id."],
  STREAM_ERROR: ["This page received data too slowly, so the service closed the connection.", "Send it again, at a slower speed if it repeats."],
  EMPTY_CONTENT: ["The content is empty, or contained only markup that was removed.", "Send content with text in it."],
  UNKNOWN_MESSAGE_TYPE: ["The service does not support this message.", "The versions of page and service may differ: reload the page."],
  INTERNAL_ERROR: ["An internal error of the service.", "Try again. If it persists, report the id in the message."],
  INVALID_MESSAGE: ["The service could not read the message.", "Content must be valid Unicode. Reload the page if it repeats."],
  INVALID_SPEED: ["The service does not support this speed.", "Send slow, normal, fast, superfast or adaptive."],
  INVALID_HTML_MODE: ["The service does not support this HTML mode.", "Send fragment or incremental."],
  QUEUE_FULL: ["Ten requests are already waiting on this connection.", "Wait until one has ended, or cancel one."],
  NO_ACTIVE_STREAM: ["No stream was active when the control arrived; it may just have ended.", "No action is needed."],
  SERVER_BUSY: ["The service has too much content to prepare.", "Try again in a few seconds."],
  OVER_CAPACITY: ["The service has no free connection, or no memory for what was sent.", "Try again in a few seconds."],
  INPUT_LIMIT_EXCEEDED: ["This page sent more than the service accepts in so short a time.", "Wait a moment and send less."],
  MESSAGE_TIMEOUT: ["The message took too long to arrive.", "Send it again, over a faster connection or in parts."],
  UNAUTHENTICATED: ["The service needs a token, or this one is not valid.", "Enter one under “Session”."],
  TOKEN_EXPIRED: ["The token has expired.", "Enter a new one under “Session”, then send it again."],
  TOKEN_REVOKED: ["The token was revoked.", "Enter another one under “Session”."],
  TOKEN_UNAVAILABLE: ["The page has no token.", "Enter one under “Session”."],
  FORBIDDEN: ["The token does not allow this session.", "Enter a token with its scope, or choose another session."],
  AUTH_UNAVAILABLE: ["The service cannot check tokens at the moment.", "Try again in a few seconds."],
  STREAM_TAKEN_OVER: ["Another connection recovered this stream.", "Check whether another tab has the same session."],
  NOT_RECOVERABLE: ["The connection was lost and the stream cannot be recovered. The shown part is correct but incomplete.", "Send it again."],
  CONNECTION_LOST: ["The service could not be reached.", "Check that it runs and that this page's origin is in ALLOWED_ORIGINS, then try again."],
  UNKNOWN_STREAM: ["The session has no such live stream, or it ended some time ago.", "No action is needed."],
  PRODUCER_FAILED: ["The back end that writes this stream has failed. The shown part is correct but incomplete.", "Ask it for another answer."],
  CLIENT_CLOSED: ["The page closed the connection.", "Send it again."],
};

interface Remedies {
  again: () => void;
  newSession: () => void;
}

/** The area that shows an error, its meaning and a remedy. */
export class FaultNotice {
  readonly #place = element("fault", HTMLElement);

  constructor(private readonly remedies: Remedies) {}

  show(error: unknown): void {
    const known = error instanceof StreamingError ? advice[error.code] : undefined;
    const [meaning, remedy] = known ?? ["The page itself failed.", "Reload it; the console has details."];
    const actions = made("div", "", { className: "row" });
    if (error instanceof StreamingError && error.code === "RATE_LIMIT_EXCEEDED" && !error.scope)
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
