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

export function sessionOf(message: Connected): Session {
  return {
    sessionId: message.session_id,
    version: message.version,
    limits: message.limits,
    requestsLeft: message.requests_left,
    expiresAt: new Date(message.session_expires_at),
    resumable: message.resume_token !== undefined,
    tokenExpiresAt: date(message.auth_expires_at),
  };
}

export function date(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
