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
/** The token, and its renewal. */
export declare class TokenSource {
    #private;
    constructor(getToken: () => Promise<string> | string, { tokenCarrier, tokenTimeoutMs }: TokenOptions);
    /** The last token; without one, a new one. Rejects with `TOKEN_UNAVAILABLE`. */
    get(): Promise<string>;
    /** Another token than the last one, as `get`; `undefined` if there is none yet. */
    renew(): Promise<string | undefined>;
    /** Do not use the last token again. */
    forget(): void;
    /** When to ask for the next token, in milliseconds: tokens of a short life are used for half of it. */
    delay(secondsLeft: number): number;
    /** No token is needed any more. */
    stop(): void;
}
