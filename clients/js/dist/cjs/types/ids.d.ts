/** 128 random bits. `crypto.randomUUID` is undefined on a page without TLS. */
export declare function randomId(): string;
/** Whether it can name a session. */
export declare function isSessionId(id: unknown): id is string;
