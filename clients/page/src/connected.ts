import { StreamingClient, StreamingError, type ConnectionState, type LiveStream, type Stream } from "../../js/src/index.js";
import { persist } from "../../js/src/storage.js";
import { element } from "./element.js";
import type { FaultNotice } from "./faults.js";
import type { Line } from "./line.js";
import type { MessageLog } from "./log.js";
import { forgetSession, sessionId, type SessionCard } from "./session.js";
import type { TokenField } from "./token.js";

const CONNECTION: Record<ConnectionState, [look: string, text: string]> = {
  idle: ["closed", "Not connected; the next request connects"],
  connecting: ["connecting", "Connecting…"],
  open: ["open", "Connected"],
  waiting: ["reconnecting", "Connection lost, reconnecting"],
  closed: ["closed", "Closed"],
};

const LONG_MS = 1500;

interface Parts {
  line: Line;
  log: MessageLog;
  sessionCard: SessionCard;
  faults: FaultNotice;
  token: TokenField;
  /** These streams are from before the page was loaded again. */
  onRecovered: (streams: readonly Stream[]) => void;
  /** A live stream has begun in the session. */
  onLive: (stream: LiveStream) => void;
  /** It is connected, and what the session had has been announced. */
  onConnected: () => void;
}

/** The client of the page, which is replaced with the session or the token, and the state of its connection. */
export class ConnectedClient {
  readonly #place = element("connection", HTMLElement);
  readonly #text = element("connection-text", HTMLElement);
  readonly #countdown = element("countdown", HTMLElement);
  readonly #retry = element("retry", HTMLButtonElement);
  readonly #parts: Parts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #client: StreamingClient;
  /** Ends what is kept of the client. */
  #leaving = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#retry.addEventListener("click", () => this.#client.retry());
    this.#client = this.#connected();
  }

  get client(): StreamingClient {
    return this.#client;
  }

  /** Begins a new session, or the same with another token. */
  replace(newSession = false): void {
    const old = this.#client;
    this.#leaving.abort();
    if (newSession) forgetSession();
    this.#parts.faults.clear();
    this.#client = this.#connected();
    void old.close();
  }

  /** A client of another session that has no connection yet. */
  another(): StreamingClient {
    const { line, token } = this.#parts;
    return new StreamingClient(base(), { ...token.source, WebSocket: line.WebSocket });
  }

  /** A client that has begun to connect. */
  #connected(): StreamingClient {
    const { line, log, sessionCard, faults, token, onLive } = this.#parts;
    let was: ConnectionState = "idle";
    const made = new StreamingClient(base(), {
      sessionId: sessionId(),
      ...token.source,
      WebSocket: line.WebSocket,
      live: { htmlMode: "incremental" },
      onLive: (stream) => made === this.#client && onLive(stream),
      stay: false, // a page that is left open is closed as idle
      onMessage: (direction, message) => log.add(direction, message),
      onSession: (session) => sessionCard.show(session),
      onState: (state, error) => {
        if (made !== this.#client) return;
        const lost = was === "open" && state === "idle";
        was = state;
        this.#show(state);
        // Nothing is pending, so the client does not reconnect; the page does, unless it was closed for being idle, or
        // the next connection would end in the same way.
        if (lost && error && !error.retryable) faults.show(error);
        else if (lost && error?.code !== "IDLE_TIMEOUT") queueMicrotask(() => this.#connect(made));
      },
    });
    this.#leaving = new AbortController();
    persist(made, this.#leaving)
      .then((streams) => made === this.#client && this.#parts.onRecovered(streams))
      .catch((error: unknown) => console.warn("What streamed before cannot be recovered.", error))
      .finally(() => made === this.#client && this.#connect(made));
    return made;
  }

  #connect(mine: StreamingClient): void {
    mine.connect().then(
      async () => {
        const roundTrip = Math.min(await mine.ping(), await mine.ping()); // the first one coincides with loading the page
        if (mine !== this.#client) return;
        if (mine.state === "open") this.#text.textContent = `Connected, ${roundTrip.toFixed(1)} ms round trip`;
        this.#parts.onConnected();
      },
      (error: unknown) => {
        if (mine === this.#client && !(error instanceof StreamingError && error.code === "CLIENT_CLOSED")) this.#parts.faults.show(error);
      },
    ).catch(() => {}); // a lost ping: the state shows it
  }

  #show(state: ConnectionState): void {
    const [look, text] = CONNECTION[state];
    this.#place.dataset["state"] = look;
    this.#text.textContent = this.#parts.line.isCut ? "The line is cut" : text;
    this.#count();
  }

  /** The time until the next attempt, if it is one that a reader may not want to wait for. */
  #count(): void {
    const { retryAt } = this.#client;
    const leftMs = this.#parts.line.isCut || !retryAt ? 0 : retryAt.getTime() - Date.now();
    this.#countdown.textContent = retryAt && leftMs > 0 ? ` in ${Math.ceil(leftMs / 1000)} s` : "";
    if (leftMs > LONG_MS || !retryAt) this.#retry.hidden = !retryAt;
    clearTimeout(this.#timer);
    if (retryAt) this.#timer = setTimeout(() => this.#count(), 250);
  }
}

/** Relative to the page, so that a proxy may serve both under a path. */
function base(): URL {
  return new URL(".", location.href);
}
