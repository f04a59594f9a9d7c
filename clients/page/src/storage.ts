/** A storage of the browser under one key. Where it is full or forbidden, nothing is kept, and the page works without. */
export class Storing {
  /** `where` is the browser or this tab. */
  constructor(
    private readonly where: "localStorage" | "sessionStorage",
    private readonly key: string,
  ) {}

  /** `undefined` if nothing is kept. */
  get text(): string | undefined {
    try {
      return globalThis[this.where].getItem(this.key) ?? undefined;
    } catch {
      return undefined;
    }
  }

  set text(text: string | undefined) {
    try {
      if (text === undefined) globalThis[this.where].removeItem(this.key);
      else globalThis[this.where].setItem(this.key, text);
    } catch {}
  }

  /** An object that is kept as JSON; `undefined` if there is none, or it is none of the page's. */
  json<Kept extends object>(): Kept | undefined {
    try {
      const kept: unknown = JSON.parse(this.text ?? "null");
      return typeof kept === "object" && kept ? (kept as Kept) : undefined;
    } catch {
      return undefined;
    }
  }
}
