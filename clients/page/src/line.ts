import type { Socket } from "../../js/src/index.js";

/**
 * The line to the service. While it is cut, no socket is open: those that were are closed underneath their client, which
 * hears of it as of every lost connection, and new ones open once the line is repaired.
 */
export class Line {
  /** For the option of the same name. */
  readonly WebSocket: new (url: string, protocols?: string[]) => Socket;
  readonly #sockets = new Set<LineSocket>();
  #isCut = false;

  constructor() {
    const sockets = this.#sockets;
    const whole = (): boolean => !this.#isCut;
    this.WebSocket = class extends LineSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols, () => sockets.delete(this));
        sockets.add(this);
        if (whole()) this.open();
      }
    };
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of [...this.#sockets]) socket.drop();
  }

  repair(): void {
    this.#isCut = false;
    for (const socket of [...this.#sockets]) socket.open();
  }
}

const ABNORMAL = { code: 1006, reason: "" };

/** A WebSocket that can be dropped. */
class LineSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  #real: WebSocket | undefined;
  #over = false;

  constructor(
    readonly url: string,
    private readonly protocols: string[] | undefined,
    private readonly gone: () => void,
  ) {}

  get readyState(): number {
    return this.#over ? WebSocket.CLOSED : (this.#real?.readyState ?? WebSocket.CONNECTING);
  }

  open(): void {
    if (this.#real || this.#over) return;
    const real = (this.#real = new WebSocket(this.url, this.protocols));
    real.onopen = (event) => this.onopen?.(event);
    real.onmessage = (event) => this.onmessage?.(event);
    real.onerror = (event) => this.onerror?.(event);
    real.onclose = (event) => this.#end(event);
  }

  send(text: string): void {
    this.#real?.send(text);
  }

  close(code?: number): void {
    if (this.#real) this.#real.close(code);
    else queueMicrotask(() => this.#end(ABNORMAL));
  }

  /** What is on its way is lost, as on a line that is cut; one that has not opened waits on. */
  drop(): void {
    const real = this.#real;
    if (!real) return;
    real.onopen = real.onmessage = real.onerror = real.onclose = null;
    real.close();
    this.#end(ABNORMAL);
  }

  #end(event: { code: number; reason: string }): void {
    if (this.#over) return;
    this.#over = true;
    this.gone();
    this.onclose?.(event);
  }
}
