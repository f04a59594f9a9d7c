// Requests and their results, over one connection to the real service.

import assert from "node:assert/strict";
import { test } from "node:test";
import ws from "ws";
import { StreamingError } from "../../../clients/js/dist/streaming-content-client.js";
import { all, client, signal, words } from "./service.mjs";

const fast = { speed: "superfast" };

test("a stream is an iterator of its chunks", async () => {
  const content = words(20);
  const stream = client().stream(content, fast);
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(chunks.map(({ data }) => data).join(""), content);
  assert.deepEqual(chunks.map(({ index }) => index), [...chunks.keys()]);
  const { durationMs, ...completion } = await stream.completed;
  assert.deepEqual(completion, { totalChunks: 20, cancelled: false, skipped: false, bytes: content.length });
  assert.ok(durationMs > 0);
  assert.equal(stream.state, "complete");
});

test("a stream calls its listeners", async () => {
  const seen = [];
  const stream = client().stream("one two", {
    ...fast,
    onStart: ({ totalChunks, resumable }) => seen.push(["start", totalChunks, resumable]),
    onChunk: ({ data }) => seen.push(["chunk", data]),
    onState: (state) => seen.push(["state", state]),
    onEnd: ({ totalChunks }) => seen.push(["end", totalChunks]),
    onError: (error) => seen.push(["error", error]),
  });
  await stream.completed;
  assert.deepEqual(seen, [
    ["state", "streaming"],
    ["start", 2, true],
    ["chunk", "one "],
    ["chunk", "two"],
    ["state", "complete"],
    ["end", 2],
  ]);
  await assert.rejects(all(stream), TypeError);
});

test("an incremental chunk has a close text", async () => {
  const html = { contentType: "html", htmlMode: "incremental" };
  const stream = client().stream("<p>one <b>two three</b></p>", { ...fast, ...html });
  const closes = [];
  for await (const { close } of stream) closes.push(close);
  assert.deepEqual(closes, ["</p>", "</b></p>", ""]);
});

test("twenty requests at once are answered in order, each with its own content", async () => {
  const user = client();
  const contents = Array.from({ length: 20 }, (_, index) => `request ${index}`);
  const order = [];
  const streams = contents.map((content, index) => {
    const stream = user.stream(content, fast);
    stream.completed.then(() => order.push(index));
    return stream;
  });
  assert.deepEqual(await Promise.all(streams.map(all)), contents);
  assert.deepEqual(order, [...contents.keys()]);
  assert.equal(user.session.requestsLeft, user.session.limits.max_requests - 20);
});

test("an invalid request does not affect the others", async () => {
  const user = client();
  const streams = [user.stream(words(5), fast), user.stream("x", { contentType: "pdf" }), user.stream("after", fast)];
  const [first, wrong, last] = await Promise.allSettled(streams.map(all));
  assert.equal(first.value, words(5));
  assert.equal(last.value, "after");
  assert.ok(wrong.reason instanceof StreamingError);
  const { code, fatal, retryable, requestId } = wrong.reason;
  assert.deepEqual([code, fatal, retryable, requestId], ["INVALID_CONTENT_TYPE", false, false, streams[1].requestId]);
  assert.match(wrong.reason.message, /Send one of: text, html, markdown/);
});

for (const [code, content, options] of [
  ["EMPTY_CONTENT", " ", {}],
  ["EMPTY_CONTENT", "<script>1</script>", { contentType: "html" }],
  ["CONTENT_TOO_LARGE", "x".repeat(100_001), {}],
  ["INVALID_SPEED", "x", { speed: "warp" }],
  ["INVALID_CHUNK_STRATEGY", "x", { chunkBy: "line" }],
  ["INVALID_HTML_MODE", "x", { htmlMode: "whole" }],
  ["INVALID_MESSAGE", "\ud800", {}],
  ["INVALID_MESSAGE", "x", { requestId: "\udfff" }],
  ["INVALID_MESSAGE", "x", { trace: { traceparent: 7 } }],
  ["INVALID_MESSAGE", "x", { speed: 7 }],
])
  test(`${code} is a typed error, passed to onError: ${content.slice(0, 20)}`, async () => {
    const stream = client().stream(content, { ...options, onError: (error) => (stream.error = error) });
    await assert.rejects(stream.completed, { name: "StreamingError", code, requestId: stream.requestId });
    assert.equal(stream.error.code, code);
    assert.equal(stream.state, "failed");
  });

test("a request that is too large is not sent", async () => {
  const user = client();
  const stream = user.stream("x".repeat(3_000_000));
  await assert.rejects(stream.completed, { code: "CONTENT_TOO_LARGE", fatal: false, retryable: false });
  assert.equal(await all(user.stream("still there", fast)), "still there");
});

test("a pause holds back chunks until a resume", async () => {
  const { changed, until } = signal();
  const content = words(300); // the client may be late
  let text = "";
  const stream = client().stream(content, {
    onState: changed,
    onChunk: ({ data }) => ((text += data), changed()),
  });
  await until(() => stream.received >= 3);
  stream.pause();
  await until(() => stream.state === "paused");
  const held = stream.received;
  await client().ping(); // one round trip
  await all(client().stream(words(6))); // six gaps
  assert.equal(stream.received, held);
  stream.resume();
  await until(() => stream.received > held);
  stream.skip();
  await stream.completed;
  assert.equal(text, content);
});

test("a control before the start of a stream is applied at its start", async () => {
  const { changed, until } = signal();
  const log = [];
  const user = client({ onMessage: (_, { type, action }) => log.push(action ?? type) });
  const [first, second, third] = [6, 300, 300].map((count) => user.stream(words(count), { onState: changed }));
  second.pause();
  third.skip();
  await first.completed;
  await until(() => second.state === "paused");
  second.resume();
  await until(() => second.state === "streaming");
  second.skip();
  for (const { completed } of [second, third]) {
    const { skipped, totalChunks } = await completed;
    assert.ok(skipped && totalChunks < 300, `${totalChunks} chunks of 300`);
  }
  const [, ofSecond, ofThird] = log.flatMap((entry, index) => (entry === "stream_start" ? index : []));
  assert.ok(log.indexOf("pause") < log.indexOf("chunk", ofSecond), `${log}`);
  assert.ok(log.lastIndexOf("skip") < log.indexOf("chunk", ofThird), `${log}`);
});

test("a skip streams the rest at once, in a pause too", async () => {
  const { changed, until } = signal();
  const content = words(300);
  let text = "";
  const stream = client().stream(content, {
    speed: "slow",
    onState: changed,
    onChunk: ({ data }) => ((text += data), changed()),
  });
  await until(() => stream.received >= 1);
  stream.pause();
  await until(() => stream.state === "paused");
  stream.skip();
  const { skipped, totalChunks } = await stream.completed;
  assert.equal(text, content);
  assert.ok(skipped && totalChunks < 300, `${totalChunks} chunks of 300`);
});

test("a cancel ends only its stream", async () => {
  const { changed, until } = signal();
  const user = client();
  const running = user.stream(words(300), { onChunk: changed });
  const waiting = user.stream(words(300));
  const other = user.stream("other", fast);
  await until(() => running.received >= 1);
  waiting.cancel();
  assert.equal(waiting.state, "cancelled");
  running.cancel();
  const { cancelled, totalChunks } = await running.completed;
  assert.deepEqual([cancelled, totalChunks], [true, running.received]);
  assert.equal(await all(other), "other");
});

test("controls that arrive after the end of their stream do not affect the next", async () => {
  const user = client();
  for (const control of ["pause", "skip", "cancel"])
    for (let round = 0; round < 10; round++) {
      const first = user.stream("first", { ...fast, onChunk: () => first[control]() }); // its only chunk: the stream has ended
      const second = user.stream(words(3), fast);
      assert.equal(await all(second), words(3), control);
      assert.deepEqual(await second.completed.then(({ skipped, totalChunks }) => [skipped, totalChunks]), [false, 3]);
      await first.completed;
    }
});

test("leaving the loop cancels the stream", async () => {
  const user = client();
  const stream = user.stream(words(300));
  for await (const { index } of stream) if (index === 1) break;
  assert.equal((await stream.completed).cancelled, true);
});

test("an AbortSignal cancels the stream, which fails with its reason", async () => {
  const { changed, until } = signal();
  const user = client();
  const controller = new AbortController();
  const stream = user.stream(words(300), { signal: controller.signal, onChunk: changed });
  await until(() => stream.received >= 1);
  controller.abort(new Error("enough"));
  await assert.rejects(stream.completed, { message: "enough" });
  assert.equal(await all(user.stream("next", fast)), "next"); // so the service has ended the first one
  const waiting = new AbortController();
  const [first, second] = [user.stream(words(6), fast), user.stream("waits", { signal: waiting.signal })];
  waiting.abort(new Error("too late"));
  await assert.rejects(second.completed, { message: "too late" });
  assert.equal(await all(first), words(6));
  const late = user.stream("x", { signal: AbortSignal.abort() });
  await assert.rejects(all(late), { name: "AbortError" });
});

test("a stream joins the trace of the request, or has a new one", async () => {
  const user = client();
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const traced = user.stream("x", { trace: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  const plain = user.stream("x");
  await Promise.all([traced.completed, plain.completed]);
  assert.equal(traced.traceId, traceId);
  assert.match(plain.traceId, /^[0-9a-f]{32}$/);
});

test("a request beyond the limit of the session fails, and requestsLeft is 0", async () => {
  const user = client();
  const { limits } = await user.connect();
  await Promise.all(Array.from({ length: limits.max_requests }, () => user.stream("x", fast).completed));
  assert.equal(user.session.requestsLeft, 0);
  await assert.rejects(user.stream("one more").completed, { code: "RATE_LIMIT_EXCEEDED", fatal: false });
  assert.equal(user.session.requestsLeft, 0);
});

test("a ping returns the round-trip time", async () => {
  const user = client();
  const times = await Promise.all([user.ping(), user.ping()]);
  for (const time of times) assert.ok(time > 0, String(time));
});

test("the session is available after connecting", async () => {
  const reported = [];
  const sessionId = `known-${Date.now()}`;
  const user = client({ sessionId, onSession: ({ requestsLeft }) => reported.push(requestsLeft) });
  const session = await user.connect();
  assert.deepEqual([session.sessionId, session.resumable, user.state], [sessionId, true, "open"]);
  assert.ok(session.expiresAt > new Date());
  assert.equal(session.limits.max_content_size, 100_000);
  await user.stream("x").completed;
  assert.deepEqual(reported, [session.limits.max_requests, session.limits.max_requests - 1]);
});

test("after close, pending streams fail and requests are refused", async () => {
  const states = [];
  const user = client({ onState: (state) => states.push(state) });
  const stream = user.stream(words(300));
  await user.connect();
  await user.close();
  await assert.rejects(stream.completed, { code: "CLIENT_CLOSED" });
  await assert.rejects(all(user.stream("x")), { code: "CLIENT_CLOSED" });
  await assert.rejects(user.ping(), { code: "CLIENT_CLOSED" });
  assert.deepEqual(states, ["connecting", "open", "closed"]);
});

test("every message is passed to onMessage, in both directions", async () => {
  const log = [];
  const user = client({ onMessage: (direction, { type }) => log.push(`${direction} ${type}`) });
  await all(user.stream("x"));
  await user.ping();
  assert.deepEqual(log, [
    "in connected",
    "out stream_request",
    "in stream_start",
    "in chunk",
    "in stream_complete",
    "out ack",
    "out ping",
    "in pong",
  ]);
});

test("a service that does not evaluate reports receives none", async () => {
  const sent = [];
  const user = client({ report: true, onMessage: (direction, { type }) => direction === "out" && sent.push(type) });
  await all(user.stream("x"));
  assert.deepEqual(sent, ["stream_request", "ack"]);
});

test("the WebSocket of the options is used if there is no global one", async () => {
  const { WebSocket: global } = globalThis;
  delete globalThis.WebSocket;
  try {
    assert.equal(await all(client({ WebSocket: ws }).stream("one two", fast)), "one two");
    await assert.rejects(client().stream("one two").completed, { code: "CONNECTION_IMPOSSIBLE" });
  } finally {
    globalThis.WebSocket = global;
  }
});

test("the address is http or ws, with or without a path", async () => {
  for (const [url, address] of [
    ["https://service.example", "wss://service.example/ws/stream/id"],
    ["http://service.example/", "ws://service.example/ws/stream/id"],
    ["wss://service.example/below/it", "wss://service.example/below/it/ws/stream/id"],
  ]) {
    let used;
    const spy = class {
      constructor(url) {
        used = url;
      }
      close() {
        this.onclose();
      }
    };
    client({ sessionId: "id", WebSocket: spy }, url).connect().catch(() => {});
    assert.equal(used, address);
  }
});

for (const tokenCarrier of ["message", "subprotocol"]) {
  test(`a service without authentication ignores a token (${tokenCarrier})`, async () => {
    const user = client({ getToken: () => "any", tokenCarrier });
    assert.equal(await all(user.stream("one two")), "one two");
    assert.equal(user.session.tokenExpiresAt, undefined);
  });
}
