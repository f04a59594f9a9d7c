import type { Session } from "../../js/src/index.js";
import { element, made } from "./element.js";
import { hexadecimal } from "./kept.js";
import { Storing } from "./storage.js";

const OWN_ID = /^page-[0-9a-f]{12}$/;
const storing = new Storing("sessionStorage", "streaming-session");
let session: string | undefined;

/** The session of this tab, kept across reloads. */
export function sessionId(): string {
  const kept = storing.text;
  session ??= kept && OWN_ID.test(kept) ? kept : newSessionId();
  storing.text = session;
  return session;
}

export function forgetSession(): void {
  session = storing.text = undefined;
}

function newSessionId(): string {
  return `page-${hexadecimal(crypto.getRandomValues(new Uint8Array(6)))}`;
}

/** The limits of the session and their remaining values. */
export class SessionCard {
  readonly #list = element("session", HTMLElement);
  readonly #version = element("version", HTMLElement);
  readonly #requests = made("dd");
  readonly #time = made("dd");
  readonly #requestsMeter = made("meter");
  readonly #timeMeter = made("meter");
  #session: Session | undefined;

  constructor() {
    this.#requestsMeter.ariaLabel = "Requests left";
    this.#timeMeter.ariaLabel = "Time left";
    setInterval(() => this.#count(), 1000);
  }

  show(session: Session): void {
    const { limits } = session;
    this.#session = session;
    const kilobytes = (limits.max_content_size / 1000).toLocaleString("en");
    this.#list.replaceChildren(
      row("Requests left", this.#requests, this.#requestsMeter),
      row("Time left", this.#time, this.#timeMeter),
      row("Content size limit", made("dd", `${kilobytes} kB`)),
      row("Chunk size limit", made("dd", `${limits.max_chunk_size.toLocaleString("en")} characters`)),
      row("Idle timeout", made("dd", `${clock(limits.idle_timeout)} min`)),
      row("Send timeout", made("dd", `${limits.chunk_timeout} s`)),
      row("Recoverable", made("dd", session.resumable ? "yes" : "no")),
      row("Id", made("dd", session.sessionId)),
      ...(session.tokenExpiresAt ? [row("Token until", made("dd", session.tokenExpiresAt.toLocaleTimeString("en-GB")))] : []),
    );
    this.#version.textContent = `version ${session.version}`;
    this.#count();
  }

  get maxBytes(): number {
    return this.#session?.limits.max_content_size ?? Infinity;
  }

  #count(): void {
    if (!this.#session) return;
    const { limits, expiresAt, requestsLeft } = this.#session;
    const seconds = Math.max(0, (expiresAt.getTime() - Date.now()) / 1000);
    this.#requests.textContent = `${requestsLeft} of ${limits.max_requests}`;
    this.#time.textContent = `${clock(seconds)} min`;
    fill(this.#requestsMeter, requestsLeft, limits.max_requests);
    fill(this.#timeMeter, seconds, limits.max_session_duration);
  }
}

function row(name: string, value: HTMLElement, meter?: HTMLElement): HTMLElement {
  const group = made("div");
  group.append(made("dt", name), value);
  if (meter) {
    const definition = made("dd"); // a definition list may contain only terms and definitions
    definition.append(meter);
    group.append(definition);
  }
  return group;
}

function fill(meter: HTMLMeterElement, left: number, all: number): void {
  Object.assign(meter, { max: all, value: left, low: all * 0.2, high: all * 0.2, optimum: all });
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return `${minutes}:${String(rest).padStart(2, "0")}`;
}
