import type { Connected, SessionLimits } from "./protocol.js";
/** The session, as reported by the service. */
export interface Session {
    sessionId: string;
    version: string;
    limits: SessionLimits;
    /** The last reported value, minus the requests of this client since. */
    requestsLeft: number;
    expiresAt: Date;
    /** Whether streams are stored and can be recovered on another connection. */
    resumable: boolean;
    /** When the token of the user ends; `undefined` if it does not, and without authentication. */
    tokenExpiresAt?: Date | undefined;
}
export declare function sessionOf(message: Connected): Session;
export declare function date(text: string | undefined): Date | undefined;
