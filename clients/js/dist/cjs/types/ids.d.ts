/** 128 random bits. `crypto.randomUUID` is undefined on a page without TLS. */
export declare function randomId(): string;
