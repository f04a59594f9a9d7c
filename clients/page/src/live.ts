import { StreamingError, type ErrorCode } from "../../js/src/index.js";

/** Has the service write the live sample into the session. Throws why it does not. */
export async function requestLive(sessionId: string, token: string | undefined): Promise<void> {
  const response = await fetch("websocket-test/live", {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ session_id: sessionId }),
  });
  if (response.ok) return;
  const { error } = await response.json();
  const codes: Record<number, ErrorCode> = { 401: "UNAUTHENTICATED", 403: "FORBIDDEN", 429: "RATE_LIMIT_EXCEEDED" };
  throw new StreamingError(codes[response.status] ?? "PROCESSING_ERROR", error.message);
}
