// What fails at once, in a sentence, before anything is sent: wrong arguments, content that is too large, a place without
// sockets; and a service that refuses. No request harms another.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";
import { parallel } from "../../../clients/js/dist/streaming-content-parallel.js";
import { FakePage, FakeSocket } from "./fake.mjs";
import { all, client, signal, words } from "./service.mjs";

const scripted = (options = {}, url = "http://service") => new StreamingClient(url, { WebSocket: FakeSocket, probe: false, ...options });
const fast = { speed: "superfast" };

for (const sessionId of ["", "a@b", "a b", "ä", "a/b", ".", "..", "x".repeat(65), "line\n"])
  test(`the session id ${JSON.stringify(sessionId)} is refused at once`, () => {
    assert.throws(() => scripted({ sessionId }), { name: "TypeError", message: /1 to 64 of/ });
  });

for (const sessionId of ["a", "A-z_0.9:", "...", "x".repeat(64)])
  test(`the session id ${sessionId} is accepted, by the service too`, async () => {
    assert.equal((await client({ sessionId }).connect()).sessionId, sessionId);
  });

test("an unknown option is named", () => {
  for (const [make, name] of [
    [() => scripted({ sesionId: "x" }), "sesionId"],
    [() => scripted({ backOff: { retries: 3 } }), "retries"],
    [() => scripted({ live: { html_mode: "text" } }), "html_mode"],
    [() => scripted().stream("x", { content_type: "html", onchunk: () => {} }), "content_type, onchunk"],
    [() => scripted().watch("x", { contentType: "html" }), "contentType"],
  ])
    assert.throws(make, { name: "TypeError", message: new RegExp(`no option ${name}\\.`) });
  assert.equal(FakeSocket.all.length, 0);
});

/** The address to which a client of this url connects. */
async function addressOf(url) {
  const user = scripted({ sessionId: "id" }, url);
  const connected = user.connect();
  const [{ url: address }] = FakeSocket.all.splice(0);
  await Promise.all([assert.rejects(connected, { code: "CLIENT_CLOSED" }), user.close()]);
  return address;
}

test("the query of the url is kept, its fragment is not", async () => {
  mock.method(globalThis, "setTimeout", (end) => queueMicrotask(end)); // no peer answers the close
  assert.equal(await addressOf("https://service.example/below?tenant=7#top"), "wss://service.example/below/ws/stream/id?tenant=7");
  assert.equal(await addressOf(new URL("http://service.example?a=b/")), "ws://service.example/ws/stream/id?a=b/");
  mock.restoreAll();
});

test("a relative url is one of the page; a wrong one is refused at once", async (t) => {
  new FakePage(t);
  assert.equal(await addressOf("/streaming"), "wss://page.example/streaming/ws/stream/id");
  assert.throws(() => scripted({}, "http://"), TypeError);
});

for (const [what, url, options, message] of [
  ["no url", undefined, {}, /Cannot connect to undefined: Invalid URL/],
  ["a relative url", "/api", {}, /Cannot connect to \/api: Invalid URL/],
  ["no WebSocket", "http://service", { WebSocket: undefined }, /there is no WebSocket; pass one/],
  [
    "a WebSocket that throws",
    "http://service",
    {
      WebSocket: class {
        constructor() {
          throw new SyntaxError("not from a secure page");
        }
      },
    },
    /not from a secure page/,
  ],
])
  test(`outside a page, with ${what}, the client can be made; a request fails with a sentence`, async (t) => {
    const { WebSocket: global } = globalThis;
    delete globalThis.WebSocket;
    t.after(() => (globalThis.WebSocket = global));
    const states = [];
    const made = new StreamingClient(url, { WebSocket: FakeSocket, onState: (state) => states.push(state), ...options });
    assert.equal(made.state, "idle");
    const failed = [];
    const stream = made.stream("x", { onError: (error) => failed.push(error.code) });
    assert.deepEqual(failed, []); // the caller has the stream first
    await assert.rejects(stream.completed, { code: "CONNECTION_IMPOSSIBLE", message, retryable: false });
    await assert.rejects(made.connect(), { code: "CONNECTION_IMPOSSIBLE" });
    await assert.rejects(made.ping(), { code: "CONNECTION_IMPOSSIBLE" });
    assert.deepEqual([made.state, failed, states.slice(0, 2)], ["idle", ["CONNECTION_IMPOSSIBLE"], ["connecting", "idle"]]);
  });

test("content that is too large fails alone and is not sent, also before the limit is known", async () => {
  const sent = [];
  const user = client({ onMessage: (direction, message) => direction === "out" && sent.push(message) });
  const large = "é".repeat(50_001); // 100 002 bytes
  const early = [user.stream("one", fast), user.stream(large, fast), user.stream("two", fast)];
  const late = async () => {
    await early[2].completed;
    const order = [];
    const refused = user.stream(large, { onError: () => order.push("failed") });
    order.push("returned");
    await assert.rejects(refused.completed, { code: "CONTENT_TOO_LARGE", requestId: refused.requestId });
    assert.deepEqual(order, ["returned", "failed"]);
    return all(user.stream("é".repeat(50_000), fast));
  };
  await assert.rejects(early[1].completed, { code: "CONTENT_TOO_LARGE", message: /100002 bytes of UTF-8; at most 100000/ });
  assert.deepEqual([await all(early[0]), await all(early[2])], ["one", "two"]);
  assert.equal(await late(), "é".repeat(50_000));
  assert.deepEqual(sent.filter(({ type }) => type === "stream_request").map(({ content }) => content.length), [3, 3, 50_000]);
});

test("a huge request beside a running stream does not disturb it", async () => {
  const { changed, until } = signal();
  const states = [];
  const user = client({ onState: (state) => states.push(state) });
  const content = words(40);
  const running = user.stream(content, { speed: "fast", onStart: changed });
  await until(() => running.start);
  for (const options of [{}, { contentType: "x".repeat(3_000_000) }, { trace: { traceparent: "x".repeat(3_000_000) } }])
    await assert.rejects(user.stream("x".repeat(options.contentType || options.trace ? 1 : 3_000_000), options).completed, {
      code: /CONTENT_TOO_LARGE|INVALID_MESSAGE/,
    });
  assert.equal(await all(running), content);
  assert.deepEqual(states, ["connecting", "open"]);
});

test("a frame that a proxy refuses fails the largest request; the others go on", async () => {
  const user = scripted({ backOff: { firstMs: 1 } });
  const streams = ["running", "small", "x".repeat(500), "waits"].map((content) => user.stream(content));
  FakeSocket.last.opens();
  FakeSocket.last.starts(streams[0].requestId);
  const { promise, resolve } = Promise.withResolvers();
  user.on("state", (state) => state === "connecting" && resolve());
  FakeSocket.last.breaks(1009);
  await assert.rejects(streams[2].completed, { code: "CONTENT_TOO_LARGE", retryable: false });
  assert.deepEqual(streams.map(({ state }) => state), ["broken", "waiting", "failed", "waiting"]);
  await promise;
  FakeSocket.last.opens();
  assert.deepEqual(FakeSocket.last.sent.map(({ type, content }) => content ?? type), ["recover", "small", "waits"]);
  await user.close();
});

/** A service in front of which the handshake fails; `status` is what it answers over HTTP. */
function refusing(t, status) {
  const asked = [];
  mock.method(globalThis, "fetch", async (url, { method }) => {
    asked.push(`${method} ${url}`);
    if (!status()) throw new TypeError("Failed to fetch");
    return { status: status() };
  });
  t.after(() => mock.restoreAll());
  let handshakes = 0;
  const WebSocket = class extends FakeSocket {
    constructor(...options) {
      super(...options);
      handshakes++;
      setTimeout(() => this.breaks());
    }
  };
  const options = { WebSocket, probe: true, backOff: { firstMs: 2, maxMs: 4 } };
  return { asked, options, handshakes: () => handshakes };
}

test("a handshake that is refused has another error than a network that is down", async (t) => {
  const { asked, options, handshakes } = refusing(t, () => 200);
  const user = scripted(options, "https://service.example/below?tenant=7");
  const stream = user.stream("x");
  await assert.rejects(stream.completed, {
    code: "CONNECTION_REFUSED",
    message: /^https:\/\/service\.example.* answers, but refuses the connection: .*ALLOWED_ORIGINS/,
    retryable: true,
    retryAfterMs: 60_000,
  });
  assert.equal(user.state, "idle");
  assert.equal(asked[0], "HEAD https://service.example/below/ready?tenant=7");
  const before = handshakes();
  assert.ok(before < 10);
  await assert.rejects(user.stream("x").completed, { code: "CONNECTION_REFUSED" });
  await assert.rejects(user.connect(), { code: "CONNECTION_REFUSED" });
  assert.equal(handshakes(), before); // not for a minute
  const later = performance.now() + 61_000;
  mock.method(performance, "now", () => later);
  await assert.rejects(user.connect(), { code: "CONNECTION_REFUSED" });
  assert.ok(handshakes() > before);
});

test("further connections that are refused, as by a limit of the address, fail no stream", async (t) => {
  const { options, handshakes } = refusing(t, () => 200);
  const user = scripted({ ...options, pool: parallel(3) });
  const { changed, until } = signal();
  user.on("message", changed);
  const streams = ["one", "two"].map((content) => user.stream(content));
  const [first] = FakeSocket.all;
  first.breaks = () => {};
  first.opens();
  streams.push(user.stream("three"), user.stream("four"));
  const watch = setInterval(changed, 5);
  t.after(() => clearInterval(watch));
  await until(() => handshakes() > 20);
  assert.deepEqual(streams.map(({ state }) => state), Array(4).fill("waiting"));
  for (const _ of streams) {
    first.starts();
    first.receives({ type: "stream_complete", stream_id: "id", total_chunks: 0, metadata: {} });
  }
  assert.deepEqual(streams.map(({ state }) => state), Array(4).fill("complete"));
  await user.close();
});

test("retry ends a refusal", async (t) => {
  const { options, handshakes } = refusing(t, () => 200);
  const user = scripted(options);
  await assert.rejects(user.connect(), { code: "CONNECTION_REFUSED" });
  const before = handshakes();
  user.retry();
  await assert.rejects(user.connect(), { code: "CONNECTION_REFUSED" });
  assert.ok(handshakes() > before);
});

for (const status of [0, 502, 503])
  test(`a service that is down (${status}) is retried, and so is one that has just come back`, async (t) => {
    const { options, handshakes, asked } = refusing(t, () => (handshakes() < 8 || handshakes() % 3 ? status : 200));
    const user = scripted(options);
    const connected = user.connect();
    const { changed, until } = signal();
    user.on("state", changed);
    await until(() => handshakes() === 20 && user.state === "connecting");
    FakeSocket.last.breaks = () => {};
    FakeSocket.last.opens();
    await connected;
    assert.ok(asked.length > 5);
    await user.close();
  });

test("without a probe the service is not asked", async (t) => {
  const { options, asked } = refusing(t, () => 200);
  const user = scripted({ ...options, probe: false, backOff: { firstMs: 1, maxMs: 1, attempts: 5 } });
  await assert.rejects(user.connect(), { code: "CONNECTION_LOST" });
  assert.deepEqual(asked, []);
});
