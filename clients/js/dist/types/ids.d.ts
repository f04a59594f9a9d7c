/** 128 random bits. `crypto.randomUUID` is not there on a page without TLS. */
export declare function randomId(): string;
