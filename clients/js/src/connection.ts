import { BackOff, type BackOffOptions } from "./backoff.js";
import { StreamingError } from "./errors.js";
import {
  CLOSE_ABNORMAL,
  CLOSE_NORMAL,
  CLOSE_RESTART,
  CLOSE_TOKEN_EXPIRED,
  FINAL_CLOSE_CODES,
  type ClientMessage,
  type ServerMessage,
} from "./protocol.js";
import { notify } from "./notify.js";
import { TokenSource, type TokenOptions } from "./token.js";

/** `idle`: not connected, because nothing is pending; `waiting`: between two attempts to connect. */
export type ConnectionState = "idle" | "connecting" | "open" | "waiting" | "closed";

/** The part of a WebSocket that the client uses; browsers' and that of `ws` have it. */
export interface Socket {
  readonly readyState: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(text: string): void;
  close(code?: number): void;
  /** That of `ws`, which reports the response that refused a handshake. */
  on?(event: string, listener: (request: any, response: any) => void): unknown;
}

export interface ConnectionOptions extends TokenOptions {
  /** The constructor, where there is no global one. */
  WebSocket?: new (url: string, protocols?: string[]) => Socket;
  backOff?: BackOffOptions;
  /** While something is pending: silence after which the client sends a heartbeat, and then treats the connection as lost. */
  silenceMs?: number;
  onState?: (state: ConnectionState, error?: StreamingError) => void;
  /** Called for every message, for a log; the token of the user is not in it. */
  onMessage?: (direction: "in" | "out", message: ServerMessage | ClientMessage) => void;
}

/** The owner of a connection. */
export interface Owner {
  receive(message: ServerMessage): void;
  /** The connection is lost, with what was not answered; it may reconnect. */
  broken(error: StreamingError): void;
  /** It does not reconnect. */
  ended(error: StreamingError): void;
  /** Whether anything is pending. */
  readonly awaits: boolean;
}

/** A socket, replaced by another after a loss while anything is pending. */
export class Connection {
  readonly #url: string;
  readonly #options: ConnectionOptions;
  readonly #owner: Owner;
  readonly #backOff: BackOff;
  readonly #tokens: TokenSource | undefined;
  #state: ConnectionState = "idle";
  #socket: Socket | undefined;
  /** Of the next connection, or of the next token. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Ticks of the watch since the last message. */
  #silentTicks = 0;
  /** The fatal error that preceded the close. */
  #lastError: StreamingError | undefined;
  /** Tokens that had expired, since one that had not. */
  #expiries = 0;

  constructor(url: string, options: ConnectionOptions, owner: Owner) {
    this.#url = url;
    this.#options = options;
    this.#owner = owner;
    this.#backOff = new BackOff(options.backOff);
    if (options.getToken) this.#tokens = new TokenSource(options.getToken, options);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether messages can be sent. False while its listeners learn that it has ended. */
  get ready(): boolean {
    return this.#state === "open" && this.#socket !== undefined;
  }

  /** Connects, if it is idle. */
  open(): void {
    if (this.#state === "idle") this.#connect();
  }

  send(message: ClientMessage): void {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.send(JSON.stringify(message));
    notify(this.#options.onMessage, "out", message);
  }

  /** `connected` was received. */
  greeted(): void {
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
      socket.onclose = resolve;
      setTimeout(resolve, 1000); // a vanished peer does not answer
      socket.close(CLOSE_NORMAL);
    });
  }

  #connect(): void {
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
    const socket: Socket = new (this.#options.WebSocket ?? WebSocket)(this.#url, protocols);
    this.#socket = socket;
    socket.onopen = () => {
      if (token && !inHandshake) this.#sendToken("auth", token);
    };
    socket.onmessage = ({ data }: { data: string }) => this.#receive(JSON.parse(data) as ServerMessage);
    socket.onclose = ({ code, reason }: { code: number; reason?: string }) =>
      this.#broken(code, this.#lastError, milliseconds(/\bretry_after_ms=(\d+)/.exec(reason ?? "")?.[1]));
    socket.onerror = () => this.#broken(CLOSE_ABNORMAL);
    socket.on?.("unexpected-response", (_request, { headers }) => {
      if (this.#socket === socket) this.#broken(CLOSE_ABNORMAL, undefined, milliseconds(headers["retry-after"], 1000));
    });
    this.#silentTicks = 0;
    this.#watch = setInterval(() => this.#checkSilence(), this.#options.silenceMs ?? 10_000);
  }

  /** Detects a dead connection: send a heartbeat, and without an answer treat it as lost. */
  #checkSilence(): void {
    if (this.#state === "open" && !this.#owner.awaits) this.#silentTicks = 0;
    else if (++this.#silentTicks === 2) this.send({ type: "heartbeat" });
    else if (this.#silentTicks > 2) this.#broken(CLOSE_ABNORMAL);
  }

  #receive(message: ServerMessage): void {
    this.#silentTicks = 0;
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
    const final = why ? !why.retryable : FINAL_CLOSE_CODES.includes(code);
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
    this.#owner.broken(error);
    if (!this.#owner.awaits) return this.#enter("idle", error);
    const wait = this.#backOff.next(retryAfterMs);
    if (wait === undefined) return this.#end(error, "idle");
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#enter("waiting", error);
  }

  #release(): Socket | undefined {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = socket.onerror = () => {}; // some implementations throw without a listener
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#socket = this.#lastError = undefined;
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
