// Users of a service with authentication, their tokens, and what a client sends for them.

import { createHmac } from "node:crypto";
import { client } from "./service.mjs";

const { AUTH_JWT_KEY: key, AUTH_JWT_ISSUER: iss, AUTH_JWT_AUDIENCE: aud } = process.env;

const encoded = (value) => Buffer.from(value).toString("base64url");

/** A token that expires after these seconds. */
export function token(seconds = 600, claims = {}) {
  const now = Date.now() / 1000;
  const payload = { iss, aud, sub: "u-1", scope: "stream", iat: now - 3600, exp: now + seconds, ...claims };
  const signed = [{ alg: "HS256", typ: "JWT" }, payload].map((part) => encoded(JSON.stringify(part))).join(".");
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

/** A client whose `getToken` returns these in turn, and the last one again; functions are called. */
export function user(tokens, options = {}, url) {
  const seen = { asked: 0, sockets: [], frames: [], log: [], states: [] };
  class Recorded extends WebSocket {
    constructor(...args) {
      super(...args);
      seen.sockets.push(args);
    }
    send(text) {
      seen.frames.push(JSON.parse(text));
      super.send(text);
    }
  }
  const made = client(
    {
      WebSocket: Recorded,
      getToken: async () => {
        const next = tokens[Math.min(seen.asked++, tokens.length - 1)];
        return typeof next === "function" ? next() : next;
      },
      onMessage: (direction, message) => seen.log.push([direction, message]),
      onState: (state, error) => seen.states.push([state, error?.code]),
      ...options,
    },
    url,
  );
  return Object.assign(seen, { client: made });
}
