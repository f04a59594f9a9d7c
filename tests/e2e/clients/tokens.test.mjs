// The token of a user: how it is sent, renewed and refused. Connections and calls of getToken are counted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Network, all, service, words } from "./service.mjs";
import { token, user } from "./users.mjs";

const types = ({ frames }) => frames.map(({ type }) => type);
const LONG = words(60); // 3 s at this speed
const FAST = { speed: "fast" };

test("the token is in the first message, and neither in the address nor in a log", async () => {
  const secret = token();
  const seen = user([secret]);
  assert.equal(await all(seen.client.stream("one two", { speed: "superfast" })), "one two");
  assert.deepEqual(seen.frames[0], { type: "auth", token: secret });
  assert.deepEqual(seen.sockets, [[`${service.replace("http", "ws")}/ws/stream/${seen.client.sessionId}`, undefined]]);
  assert.deepEqual(seen.log[0], ["out", { type: "auth", token: "…" }]);
  assert.ok(!JSON.stringify(seen.log).includes(secret));
  assert.ok(seen.client.session.tokenExpiresAt > new Date());
  assert.equal(seen.asked, 1);
});

test("the token can be a subprotocol", async () => {
  const secret = token();
  const seen = user([secret], { tokenCarrier: "subprotocol" });
  await seen.client.connect();
  assert.deepEqual(seen.sockets[0][1], ["streaming.v1", `bearer.${secret}`]);
  assert.deepEqual(seen.frames, []);
});

test("a token that cannot be a subprotocol is an error without the token", async () => {
  const seen = user(["not base64url="], { tokenCarrier: "subprotocol" });
  const error = await seen.client.connect().catch((reason) => reason);
  assert.equal(error.code, "TOKEN_UNAVAILABLE");
  assert.ok(!error.message.includes("base64url="));
  assert.deepEqual(seen.sockets, []);
});

test("a token that ends in mid-stream is replaced on the open connection", async () => {
  const seen = user([() => token(2), () => token()]);
  assert.equal(await all(seen.client.stream(LONG, FAST)), LONG);
  assert.deepEqual([seen.asked, seen.sockets.length], [2, 1]);
  assert.equal(types(seen).filter((type) => type.startsWith("auth")).join(), "auth,auth_refresh");
  assert.ok(!JSON.stringify(seen.log).includes("eyJ"));
  assert.ok(seen.client.session.tokenExpiresAt - Date.now() > 60_000);
});

test("tokens of a short life are replaced one after the other, each once", async () => {
  const seen = user([() => token(2)]);
  assert.equal(await all(seen.client.stream(words(100), FAST)), words(100));
  assert.equal(seen.sockets.length, 1);
  const refreshes = types(seen).filter((type) => type === "auth_refresh").length;
  assert.ok(refreshes >= 2, String(refreshes));
  assert.equal(seen.log.filter(([, { type }]) => type === "auth_refreshed").length, refreshes);
});

test("a token that is not replaced ends the connection, without a loop", async () => {
  const old = token(1.5);
  const seen = user([old]);
  const stream = seen.client.stream(words(200), FAST);
  await assert.rejects(all(stream), { code: "TOKEN_EXPIRED", fatal: true, retryable: false, message: /getToken/ });
  assert.ok(stream.received > 5);
  assert.deepEqual(seen.states.at(-1), ["idle", "TOKEN_EXPIRED"]);
  assert.equal(seen.sockets.length, 2); // within its leeway the service accepts the token once more
  assert.equal(seen.asked, 3); // before the connection, before the end, after it
  assert.ok(!types(seen).includes("auth_refresh"));
});

test("a token that has expired before is asked for once more", async () => {
  const seen = user([() => token(-100)]);
  await assert.rejects(seen.client.connect(), { code: "TOKEN_EXPIRED", retryable: false });
  assert.deepEqual([seen.asked, seen.sockets.length], [2, 2]);
  assert.equal(seen.client.state, "idle");
});

test("after the end of a token the client continues with the next one, and loses no chunk", async () => {
  const failure = new Error("offline");
  const renewal = () => {
    throw failure;
  };
  const seen = user([() => token(1.5), renewal, () => token()]);
  assert.equal(await all(seen.client.stream(LONG, FAST)), LONG);
  assert.deepEqual([seen.asked, seen.sockets.length], [3, 2]);
});

test("a refused replacement is not used again", async () => {
  const seen = user([() => token(1.5), () => token(600, { sub: "u-2" }), () => token()]);
  assert.equal(await all(seen.client.stream(LONG, FAST)), LONG);
  assert.deepEqual([seen.asked, seen.sockets.length], [3, 2]);
  const errors = seen.log.filter(([, { type }]) => type === "error").map(([, { code }]) => code);
  assert.deepEqual(errors, ["UNAUTHENTICATED", "TOKEN_EXPIRED"]);
});

for (const [code, secret] of [
  ["UNAUTHENTICATED", () => "no token of the issuer"],
  ["FORBIDDEN", () => token(600, { scope: "publish" })],
  ["FORBIDDEN", () => token(600, { sessions: "another-*" })],
]) {
  test(`${code} ends the client, until the user has another token`, async () => {
    const seen = user([secret, () => token()]);
    const stream = seen.client.stream("x");
    await assert.rejects(all(stream), { code, fatal: true, retryable: false });
    assert.deepEqual(seen.states.at(-1), ["idle", code]);
    assert.deepEqual([seen.asked, seen.sockets.length], [1, 1]);
    assert.equal(await all(seen.client.stream("again")), "again");
    assert.deepEqual([seen.asked, seen.sockets.length], [2, 2]);
  });
}

test("a service that needs a token refuses a client without one", async () => {
  const seen = user([], { getToken: undefined });
  await assert.rejects(seen.client.connect(), { code: "UNAUTHENTICATED", retryable: false });
  assert.equal(seen.sockets.length, 1);
});

test("a revoked token ends the client and its streams", async () => {
  const seen = user([token(600, { sub: "u-3", jti: "t-3" })]);
  const stream = seen.client.stream(words(500));
  await stream[Symbol.asyncIterator]().next();
  const revocation = await fetch(`${service}/revocations`, {
    method: "POST",
    headers: { authorization: `Bearer ${token(600, { scope: "admin" })}`, "content-type": "application/json" },
    body: JSON.stringify({ token_id: "t-3" }),
  });
  assert.equal(revocation.status, 204);
  await assert.rejects(stream.completed, { code: "TOKEN_REVOKED", retryable: false });
  assert.deepEqual([seen.asked, seen.sockets.length], [1, 1]);
  assert.deepEqual(seen.states.at(-1), ["idle", "TOKEN_REVOKED"]);
});

test("a getToken that fails, hangs or returns none is an error, and no connection is opened", async () => {
  const failure = new Error("signed out");
  const cases = [
    [() => Promise.reject(failure), failure, /failed/],
    [() => new Promise(() => {}), undefined, /longer than 50 ms/],
    [() => "", undefined, /no token/],
    [() => undefined, undefined, /no token/],
  ];
  for (const [getToken, cause, message] of cases) {
    const seen = user([getToken, () => token()], { tokenTimeoutMs: 50 });
    const stream = seen.client.stream("x");
    const error = await stream.completed.catch((reason) => reason);
    assert.equal(error.code, "TOKEN_UNAVAILABLE");
    assert.match(error.message, message);
    assert.equal(error.cause, cause);
    assert.ok(error.retryable);
    assert.deepEqual([seen.asked, seen.sockets.length, seen.client.state], [1, 0, "idle"]);
    assert.equal(await all(seen.client.stream("again")), "again");
  }
});

test("a client that is closed while it waits for a token opens no connection", async () => {
  let answer;
  const seen = user([() => new Promise((resolve) => (answer = resolve))]);
  const connecting = seen.client.connect();
  await new Promise(setImmediate);
  await seen.client.close();
  answer(token());
  await assert.rejects(connecting, { code: "CLIENT_CLOSED" });
  assert.deepEqual([seen.sockets.length, seen.client.state], [0, "closed"]);
});

test("a lost connection is replaced with the same token", async () => {
  const network = await Network.open();
  const seen = user([token()], {}, network.url);
  let chunks = 0;
  for await (const _ of seen.client.stream(words(20), FAST)) if (++chunks % 5 === 0) network.cut();
  assert.equal(chunks, 20);
  assert.equal(seen.asked, 1);
  assert.ok(seen.sockets.length > 2);
});
