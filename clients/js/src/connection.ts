import { answers, serviceAddress } from "./address.js";
import { BackOff } from "./backoff.js";
import type { ConnectionOptions, ConnectionState, Socket } from "./connection-options.js";
import { StreamingError } from "./errors.js";
import {
  CLOSE_ABNORMAL,
  CLOSE_FRAME_TOO_LARGE,
  CLOSE_NORMAL,
  CLOSE_RESTART,
  CLOSE_TOKEN_EXPIRED,
  FINAL_CLOSE_CODES,
  type ClientMessage,
  type ServerMessage,
} from "./protocol.js";
import { notify } from "./notify.js";
import { TokenSource } from "./token.js";
import { watchPage } from "./wake.js";

/** The owner of a connection. */
export interface Owner {
  receive(message: ServerMessage): void;
  /** The connection is lost, with what was not answered; it may reconnect. */
  broken(error: StreamingError): void;
  /** It does not reconnect. */
  ended(error: StreamingError): void;
  /** Whether anything is pending. */
  readonly awaits: boolean;
  /** Whether messages follow one another: a stream runs. */
  readonly flows: boolean;
  /** Whether the service has admitted the session, perhaps on another connection. */
  readonly admitted: boolean;
  /** A frame was too large: whether the request that it may have been has failed, so that the others can go on. */
  shed(): boolean;
}

/** A service that deletes streams earlier may still come back: other requests wait for it. */
const SHORTEST_MS = 60_000;
const TICK_MS = 1500;
/** An attempt to connect gets as many ticks. */
const ATTEMPT_TICKS = 6;
/** After a wake-up, the answer to a heartbeat gets as many. */
const PROOF_TICKS = 3;
const MOST_DOUBTS = 3;
/** How long a refusal holds. */
const REFUSED_MS = 60_000;

/** A socket, replaced by another after a loss while anything is pending. */
export class Connection {
  /** When the next attempt begins, between two attempts. */
  retryAt: Date | undefined;
  readonly #url: string | URL;
  readonly #sessionId: string;
  readonly #options: ConnectionOptions;
  readonly #owner: Owner;
  readonly #backOff: BackOff;
  readonly #tokens: TokenSource | undefined;
  #state: ConnectionState = "idle";
  #socket: Socket | undefined;
  /** Of the next connection, or of the next token. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Whether it has to prove soon that it lives. */
  #doubted = false;
  #unwatchPage: (() => void) | undefined;
  /** Ticks of the watch since the last message. */
  #silentTicks = 0;
  /** The fatal error that preceded the close. */
  #lastError: StreamingError | undefined;
  /** Tokens that had expired, since one that had not. */
  #expiries = 0;
  /** Whether a handshake has succeeded. */
  #opened = false;
  /** Failed handshakes in a row after each of which the service answered over HTTP. */
  #doubts = 0;
  #refusal: StreamingError | undefined;
  /** Until when the refusal holds. */
  #refusedUntil = 0;

  constructor(url: string | URL, sessionId: string, options: ConnectionOptions, owner: Owner) {
    this.#url = url;
    this.#sessionId = sessionId;
    this.#options = options;
    this.#owner = owner;
    this.#backOff = new BackOff(options.backOff);
    if (options.getToken) this.#tokens = new TokenSource(options.getToken, options);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** From then on a failure is of the network, of a service that is down, or a limit of connections. */
  get #admitted(): boolean {
    return this.#opened || this.#owner.admitted;
  }

  /** Whether messages can be sent. False while its listeners learn that it has ended. */
  get ready(): boolean {
    return this.#state === "open" && this.#socket !== undefined;
  }

  /** Connects, if it is idle. */
  open(): void {
    if (this.#state !== "idle") return;
    if (performance.now() < this.#refusedUntil) queueMicrotask(() => this.#state === "idle" && this.#end(this.#refusal!, "idle"));
    else this.#connect();
  }

  /** Connects now, if it waits for the next attempt. A refusal is forgotten. */
  retry(): void {
    this.#refusedUntil = 0;
    this.#backOff.shorten();
    if (this.#state !== "waiting") return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  send(message: ClientMessage): void {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.send(JSON.stringify(message));
    this.#watch ??= setInterval(() => this.#checkSilence(), this.#options.silenceMs ?? TICK_MS);
    notify(this.#options.onMessage, "out", message);
  }

  /** `connected` was received. `resumeSeconds`: how long streams can be recovered after a loss, from a service that states it. */
  greeted(resumeSeconds?: number): void {
    if (resumeSeconds) this.#backOff.giveUpMs = Math.max(resumeSeconds * 1000, SHORTEST_MS);
    if (!this.#owner.awaits) this.progressed();
    this.#enter("open");
  }

  /** The connection made progress: after a loss the delays start again with the first. */
  progressed(): void {
    this.#backOff.reset();
  }

  /** Continue on another connection, because the received messages do not fit. */
  reconnect(why?: StreamingError): void {
    this.#broken(CLOSE_ABNORMAL, why);
  }

  /** Closes for good. */
  async close(): Promise<void> {
    const socket = this.#release();
    this.#tokens?.stop();
    this.#end(closed(), "closed");
    if (!socket) return;
    await new Promise<unknown>((resolve) => {
      const limit = setTimeout(resolve, 1000); // a vanished peer does not answer
      socket.onclose = () => resolve(clearTimeout(limit));
      socket.close(CLOSE_NORMAL);
    });
  }

  #connect(): void {
    this.retryAt = undefined;
    this.#enter("connecting");
    if (!this.#tokens) return this.#openSocket();
    const waiting = (): boolean => this.#state === "connecting"; // else it was closed
    this.#tokens
      .get()
      .then((token) => waiting() && this.#openSocket(token))
      .catch((error) => waiting() && this.#end(error, "idle"));
  }

  #openSocket(token?: string): void {
    const inHandshake = token && this.#options.tokenCarrier === "subprotocol";
    const protocols = inHandshake ? ["streaming.v1", `bearer.${token}`] : undefined;
    let socket: Socket;
    try {
      const Constructor = this.#options.WebSocket ?? globalThis.WebSocket;
      if (!Constructor) throw new TypeError("there is no WebSocket; pass one, as that of ws, as an option");
      socket = new Constructor(serviceAddress(this.#url, "ws", `/ws/stream/${encodeURIComponent(this.#sessionId)}`), protocols);
    } catch (cause) {
      const error = new StreamingError("CONNECTION_IMPOSSIBLE", `Cannot connect to ${this.#url}: ${(cause as Error).message}.`, { cause });
      return queueMicrotask(() => this.#state === "connecting" && this.#end(error, "idle")); // the caller gets the stream before it fails
    }
    this.#socket = socket;
    socket.onopen = () => {
      this.#opened = true;
      if (token && !inHandshake) this.#sendToken("auth", token);
    };
    socket.onmessage = ({ data }: { data: string }) => this.#receive(JSON.parse(data) as ServerMessage);
    socket.onclose = ({ code, reason }: { code: number; reason?: string }) =>
      this.#broken(code, this.#lastError, milliseconds(/\bretry_after_ms=(\d+)/.exec(reason ?? "")?.[1]));
    socket.onerror = () => this.#broken(CLOSE_ABNORMAL);
    socket.on?.("unexpected-response", (_request, { statusCode, headers }) => {
      if (this.#socket !== socket) return;
      if (statusCode < 500 && statusCode !== 429) this.#refused();
      else this.#broken(CLOSE_ABNORMAL, undefined, milliseconds(headers["retry-after"], 1000));
    });
    this.#silentTicks = 0;
    this.#doubted = false;
    this.#watch = setInterval(() => this.#checkSilence(), this.#options.silenceMs ?? TICK_MS);
  }

  /** Detects a dead connection: send a heartbeat, and without an answer treat it as lost. */
  #checkSilence(): void {
    const open = this.#state === "open";
    if (open && !this.#owner.awaits) {
      clearInterval(this.#watch);
      this.#watch = undefined; // until the next message is sent
      this.#silentTicks = 0;
      return;
    }
    const [asks, ends] = this.#options.silenceMs
      ? [2, 3]
      : this.#doubted
        ? [0, PROOF_TICKS]
        : !open
          ? [0, ATTEMPT_TICKS]
          : this.#owner.flows
            ? [2, 5]
            : [10, 13];
    if (++this.#silentTicks === asks) this.send({ type: "heartbeat" });
    else if (this.#silentTicks >= ends) this.#broken(CLOSE_ABNORMAL);
  }

  /** The network may be back, or another one. */
  #woken(): void {
    if (this.#state === "waiting") return this.retry();
    if (!this.#socket || !this.#owner.awaits) return;
    this.#silentTicks = 0;
    this.#doubted = true;
    this.#backOff.shorten();
    this.send({ type: "heartbeat" });
  }

  /** The page is left. With a connection it could not be restored; one that is lost then is not noticed. */
  #left(): void {
    if (!this.#socket) return;
    this.#broken(CLOSE_ABNORMAL);
    clearTimeout(this.#timer);
    this.retryAt = undefined;
  }

  /**
   * A first handshake has failed, which looks the same for a network that is down and for a service that refuses it. If
   * the service answers over HTTP after each of several, it refuses.
   */
  async #probe(): Promise<void> {
    this.#doubts = (await answers(serviceAddress(this.#url, "http", "/ready"))) ? this.#doubts + 1 : 0;
    if (this.#doubts >= MOST_DOUBTS && !this.#admitted && this.#unwatchPage) this.#refused();
  }

  #refused(): void {
    const message = `${this.#url} answers, but refuses the connection: check the url, the token and ALLOWED_ORIGINS.`;
    const error = new StreamingError("CONNECTION_REFUSED", message, { fatal: true, retryable: true, retryAfterMs: REFUSED_MS });
    if (this.#admitted) return this.#broken(CLOSE_ABNORMAL, error, REFUSED_MS);
    this.#refusal = error;
    this.#refusedUntil = performance.now() + REFUSED_MS;
    this.#doubts = 0;
    this.#release()?.close();
    this.#end(error, "idle");
  }

  #receive(message: ServerMessage): void {
    this.#silentTicks = 0;
    this.#doubted = false;
    notify(this.#options.onMessage, "in", message);
    // Within its leeway the service accepts a token that has expired, and closes at once.
    if (message.type === "connected" && !(message.auth_expires_at! <= message.timestamp)) this.#expiries = 0;
    if (message.type === "auth_expiring") this.#renewToken(message.seconds_left);
    if (message.type === "error" && message.code === "UNAUTHENTICATED") this.#tokens?.forget(); // a refused refresh
    if (message.type === "error" && message.fatal) this.#lastError = StreamingError.of(message);
    else this.#owner.receive(message);
  }

  /** Replaces the token on the open connection. Without a new one it ends with its token, and the client asks once more. */
  #renewToken(secondsLeft: number): void {
    const [tokens, socket] = [this.#tokens, this.#socket];
    if (!tokens) return;
    const renew = async (): Promise<void> => {
      const token = await tokens.renew();
      if (token && this.#socket === socket) this.#sendToken("auth_refresh", token);
    };
    this.#timer = setTimeout(() => renew().catch(() => {}), tokens.delay(secondsLeft));
  }

  #sendToken(type: "auth" | "auth_refresh", token: string): void {
    this.#socket!.send(JSON.stringify({ type, token }));
    notify(this.#options.onMessage, "out", { type, token: "…" });
  }

  #broken(code: number, why = this.#lastError, retryAfterMs?: number): void {
    const expired = code === CLOSE_TOKEN_EXPIRED || why?.code === "TOKEN_EXPIRED";
    if (expired && this.#tokens && ++this.#expiries > 1)
      why = new StreamingError("TOKEN_EXPIRED", "getToken returned a token that has expired.", { fatal: true });
    const final = why ? !why.retryable : FINAL_CLOSE_CODES.includes(code) && !(code === CLOSE_FRAME_TOO_LARGE && this.#owner.shed());
    if (expired || final) this.#tokens?.forget();
    const error =
      why ??
      new StreamingError("CONNECTION_LOST", `The connection has ended with code ${code}.`, {
        fatal: final,
        retryable: !final,
      });
    if (code === CLOSE_RESTART && this.#state === "open") this.progressed(); // a restart is short
    this.#release()?.close();
    if (final) return this.#end(error, "idle");
    if (!this.#admitted && this.#options.probe !== false) void this.#probe();
    this.#owner.broken(error);
    if (!this.#owner.awaits) return this.#enter("idle", error);
    const wait = this.#backOff.next(retryAfterMs);
    if (wait === undefined) {
      const { attempts, giveUpMs } = this.#options.backOff ?? {};
      this.#end(error, "idle");
      if (this.#owner.awaits && (attempts ?? giveUpMs) === undefined) this.open(); // it stays: nothing else is pending
      return;
    }
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.retryAt = new Date(Date.now() + wait);
    this.#enter("waiting", error);
  }

  #release(): Socket | undefined {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = socket.onerror = () => {}; // some implementations throw without a listener
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#socket = this.#watch = this.#lastError = undefined;
    return socket;
  }

  #end(error: StreamingError, state: "idle" | "closed"): void {
    this.#backOff.reset();
    this.#expiries = 0;
    this.#enter(state, error);
    this.#owner.ended(error);
  }

  #enter(state: ConnectionState, error?: StreamingError): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === "idle" || state === "closed") {
      this.#unwatchPage?.();
      this.retryAt = this.#unwatchPage = undefined;
    } else this.#unwatchPage ??= watchPage(() => this.#woken(), () => this.#left());
    notify(this.#options.onState, state, error);
  }
}

/** A time in the text of the service, if it is one. */
function milliseconds(text: string | undefined, unit = 1): number | undefined {
  return /^\d+$/.test(text ?? "") ? Number(text) * unit : undefined;
}

export function closed(): StreamingError {
  return new StreamingError("CLIENT_CLOSED", "The client was closed.");
}
