import { BackOff, type BackOffOptions } from "./backoff.js";
import { StreamingError } from "./errors.js";
import {
  CLOSE_ABNORMAL,
  CLOSE_NORMAL,
  CLOSE_RESTART,
  FINAL_CLOSE_CODES,
  type ClientMessage,
  type ServerMessage,
} from "./protocol.js";
import { tell } from "./tell.js";

/** `idle`: not connected, as there is nothing to be had; `waiting`: between two attempts to connect. */
export type ConnectionState = "idle" | "connecting" | "open" | "waiting" | "closed";

/** What is needed of a WebSocket: the browsers' is one, and so is that of `ws`. */
export interface Socket {
  readonly readyState: number;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface ConnectionOptions {
  /** Where there is no global one. */
  WebSocket?: new (url: string) => Socket;
  backOff?: BackOffOptions;
  /** While something is awaited: how long nothing may come before the client asks, and then takes it for broken. */
  silenceMs?: number;
  onState?: (state: ConnectionState, error?: StreamingError) => void;
  /** Sees every message, for a log. */
  onMessage?: (direction: "in" | "out", message: ServerMessage | ClientMessage) => void;
}

/** Who has a connection. */
export interface Owner {
  receive(message: ServerMessage): void;
  /** What was sent and not answered may be lost; it may come back. */
  broken(error: StreamingError): void;
  /** It does not come back. */
  ended(error: StreamingError): void;
  /** Whether anything is awaited. */
  readonly awaits: boolean;
}

/** The socket, and after it another, for as long as there is something to go on with. */
export class Connection {
  readonly #url: string;
  readonly #options: ConnectionOptions;
  readonly #owner: Owner;
  readonly #backOff: BackOff;
  #state: ConnectionState = "idle";
  #socket: Socket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Ticks of the watch since the last message. */
  #silentTicks = 0;
  /** What the service has said before it closes. */
  #lastWord: StreamingError | undefined;

  constructor(url: string, options: ConnectionOptions, owner: Owner) {
    this.#url = url;
    this.#options = options;
    this.#owner = owner;
    this.#backOff = new BackOff(options.backOff);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether messages can be sent. Not so while it tells that it has ended. */
  get ready(): boolean {
    return this.#state === "open" && this.#socket !== undefined;
  }

  /** Connects, unless it does so already. */
  open(): void {
    if (this.#state === "idle") this.#connect();
  }

  send(message: ClientMessage): void {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.send(JSON.stringify(message));
    tell(this.#options.onMessage, "out", message);
  }

  /** The service has greeted. */
  greeted(): void {
    if (!this.#owner.awaits) this.gained();
    this.#enter("open");
  }

  /** Something came of it: should it break, the waits begin anew. */
  gained(): void {
    this.#backOff.reset();
  }

  /** What comes cannot be gone on with here, but on another connection. */
  breakOff(why?: StreamingError): void {
    this.#broken(CLOSE_ABNORMAL, why);
  }

  /** Leaves for good. */
  async close(): Promise<void> {
    const socket = this.#letGo();
    this.#end(closed(), "closed");
    if (!socket) return;
    await new Promise<unknown>((resolve) => {
      socket.onclose = resolve;
      setTimeout(resolve, 1000); // a peer that is gone does not answer
      socket.close(CLOSE_NORMAL);
    });
  }

  #connect(): void {
    this.#enter("connecting");
    const socket: Socket = new (this.#options.WebSocket ?? WebSocket)(this.#url);
    this.#socket = socket;
    socket.onmessage = ({ data }: { data: string }) => this.#receive(JSON.parse(data) as ServerMessage);
    socket.onclose = ({ code }: { code: number }) => this.#broken(code);
    socket.onerror = () => this.#broken(CLOSE_ABNORMAL);
    this.#silentTicks = 0;
    this.#watch = setInterval(() => this.#listen(), this.#options.silenceMs ?? 10_000);
  }

  /** A connection can be dead without a word: ask, and if that is not answered either, take it for broken. */
  #listen(): void {
    if (this.#state === "open" && !this.#owner.awaits) this.#silentTicks = 0;
    else if (++this.#silentTicks === 2) this.send({ type: "heartbeat" });
    else if (this.#silentTicks > 2) this.#broken(CLOSE_ABNORMAL);
  }

  #receive(message: ServerMessage): void {
    this.#silentTicks = 0;
    tell(this.#options.onMessage, "in", message);
    if (message.type === "error" && message.fatal) this.#lastWord = StreamingError.of(message);
    else this.#owner.receive(message);
  }

  #broken(code: number, why = this.#lastWord): void {
    const final = why ? !why.retryable : FINAL_CLOSE_CODES.includes(code);
    const error =
      why ??
      new StreamingError("CONNECTION_LOST", `The connection has ended with code ${code}.`, {
        fatal: final,
        retryable: !final,
      });
    if (code === CLOSE_RESTART && this.#state === "open") this.gained(); // it will be back soon
    this.#letGo()?.close();
    if (final) return this.#end(error, "idle");
    this.#owner.broken(error);
    if (!this.#owner.awaits) return this.#enter("idle", error);
    const wait = this.#backOff.next();
    if (wait === undefined) return this.#end(error, "idle");
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#enter("waiting", error);
  }

  #letGo(): Socket | undefined {
    const socket = this.#socket;
    if (socket) socket.onmessage = socket.onclose = socket.onerror = () => {}; // some throw if nobody hears of an error
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    this.#socket = this.#lastWord = undefined;
    return socket;
  }

  #end(error: StreamingError, state: "idle" | "closed"): void {
    this.#backOff.reset();
    this.#enter(state, error);
    this.#owner.ended(error);
  }

  #enter(state: ConnectionState, error?: StreamingError): void {
    if (this.#state === state) return;
    this.#state = state;
    tell(this.#options.onState, state, error);
  }
}

export function closed(): StreamingError {
  return new StreamingError("CLIENT_CLOSED", "The client was closed.");
}
