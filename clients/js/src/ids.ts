/** 128 random bits. `crypto.randomUUID` is undefined on a page without TLS. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether it can name a session. */
export function isSessionId(id: unknown): id is string {
  return typeof id === "string" && /^(?!\.\.?$)[\w.:-]{1,64}$/.test(id);
}
