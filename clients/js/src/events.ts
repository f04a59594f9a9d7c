import { notify } from "./notify.js";

/** Called with what an event carries. */
export type Listener<Values extends unknown[]> = (...values: Values) => void;

/** What others can listen to: `Known` has the names of the events, and what each carries. */
export class Events<Known extends { [Name in keyof Known]: unknown[] }> {
  /** @internal The listeners of the options: `onState` for `state`. */
  protected callbacks: object;
  readonly #listeners: { [Name in keyof Known]?: Set<Listener<Known[Name]>> } = {};

  /** @internal */
  constructor(callbacks: object) {
    this.callbacks = callbacks;
  }

  /** Calls the listener at each of these events, after that of the options. Returns a function that ends it. */
  on<Name extends keyof Known & string>(name: Name, listener: Listener<Known[Name]>): () => void {
    (this.#listeners[name] ??= new Set()).add(listener);
    return () => this.off(name, listener);
  }

  off<Name extends keyof Known & string>(name: Name, listener: Listener<Known[Name]>): void {
    this.#listeners[name]?.delete(listener);
  }

  /** @internal */
  protected emit<Name extends keyof Known & string>(name: Name, ...values: Known[Name]): void {
    notify(this.#callback(name), ...values);
    for (const listener of [...(this.#listeners[name] ?? [])]) notify(listener, ...values);
  }

  /** @internal Whether the event has a listener. */
  protected heard<Name extends keyof Known & string>(name: Name): boolean {
    return !!(this.#callback(name) || this.#listeners[name]?.size);
  }

  #callback<Name extends keyof Known & string>(name: Name): Listener<Known[Name]> | undefined {
    return (this.callbacks as Record<string, Listener<Known[Name]>>)[`on${name[0]!.toUpperCase()}${name.slice(1)}`];
  }
}
