import { StreamingError } from "./errors.js";

export interface TokenOptions {
  /**
   * Returns the token of the user: before the first connection, before the token ends, and once after it has ended. In
   * between the client keeps the last one, in memory only.
   */
  getToken?: () => Promise<string> | string;
  /** How the token is sent: in the first message, or as a subprotocol where a proxy has to see it. */
  tokenCarrier?: "message" | "subprotocol";
  /** How long `getToken` may take. */
  tokenTimeoutMs?: number;
}

/** A token that was asked for less than this ago, and ends already, is one of a short life. */
const RECENT_MS = 30_000;

/** The token, and its renewal. */
export class TokenSource {
  readonly #getToken: () => Promise<string> | string;
  readonly #timeoutMs: number;
  readonly #allowed: RegExp;
  #token: string | undefined;
  #asking: Promise<string> | undefined;
  #askedAt = 0;
  #timeout: ReturnType<typeof setTimeout> | undefined;

  constructor(getToken: () => Promise<string> | string, { tokenCarrier, tokenTimeoutMs = 30_000 }: TokenOptions) {
    this.#getToken = getToken;
    this.#timeoutMs = tokenTimeoutMs;
    // The error of a browser for an invalid subprotocol would contain the token.
    this.#allowed = tokenCarrier === "subprotocol" ? /^[\w.~+-]+$/ : /./;
  }

  /** The last token; without one, a new one. Rejects with `TOKEN_UNAVAILABLE`. */
  async get(): Promise<string> {
    return this.#token ?? (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  /** Another token than the last one, as `get`; `undefined` if there is none yet. */
  async renew(): Promise<string | undefined> {
    const last = this.#token;
    this.forget();
    const token = await this.get();
    return token === last ? undefined : token;
  }

  /** Do not use the last token again. */
  forget(): void {
    this.#token = undefined;
  }

  /** When to ask for the next token, in milliseconds: tokens of a short life are used for half of it. */
  delay(secondsLeft: number): number {
    return performance.now() - this.#askedAt < RECENT_MS ? Math.max(1, secondsLeft) * 500 : 0;
  }

  /** No token is needed any more. */
  stop(): void {
    clearTimeout(this.#timeout);
  }

  async #ask(): Promise<string> {
    this.#askedAt = performance.now();
    let failure: string;
    let cause: unknown;
    try {
      const late = new Promise<null>((resolve) => (this.#timeout = setTimeout(resolve, this.#timeoutMs, null)));
      const token: unknown = await Promise.race([this.#getToken(), late]);
      if (typeof token === "string" && this.#allowed.test(token)) return (this.#token = token);
      failure = token === null ? `took longer than ${this.#timeoutMs} ms` : "returned no token, or one that cannot be sent";
    } catch (error) {
      cause = error; // not in the message: it could have a part of the token
      failure = "failed; cause has its error";
    } finally {
      this.stop();
    }
    throw new StreamingError("TOKEN_UNAVAILABLE", `getToken ${failure}.`, { retryable: true, cause });
  }
}
