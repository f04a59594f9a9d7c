// When and whether the client reconnects, with a scripted socket and a mocked clock that is advanced by hand.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";
import { FakeSocket } from "./fake.mjs";

let random;

beforeEach(() => {
  random = 1;
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(Math, "random", () => random);
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

function started(options = {}) {
  const client = new StreamingClient("http://service", { WebSocket: FakeSocket, probe: false, ...options });
  const stream = client.stream("content");
  return { client, stream };
}

/** Whether the next attempt is made after exactly this delay. */
function reconnectsAfter(milliseconds) {
  const before = FakeSocket.all.length;
  mock.timers.tick(milliseconds - 1);
  assert.equal(FakeSocket.all.length, before, `too early: before ${milliseconds} ms`);
  mock.timers.tick(1);
  assert.equal(FakeSocket.all.length, before + 1, `too late: after ${milliseconds} ms`);
}

test("the delays double up to the maximum", () => {
  started({ backOff: { firstMs: 100, maxMs: 1000 } });
  for (const wait of [100, 200, 400, 800, 1000, 1000]) {
    FakeSocket.last.breaks();
    reconnectsAfter(wait);
  }
});

test("each delay is drawn between half of its maximum and the maximum", () => {
  started({ backOff: { firstMs: 100 } });
  random = 0;
  FakeSocket.last.breaks();
  reconnectsAfter(50);
  random = 0.5;
  FakeSocket.last.breaks();
  reconnectsAfter(150);
});

test("it gives up after the last attempt, with the error", async () => {
  const { client, stream } = started({ backOff: { firstMs: 100, maxMs: 100, attempts: 3 } });
  const connected = client.connect();
  for (let attempt = 0; attempt < 3; attempt++) {
    FakeSocket.last.breaks();
    reconnectsAfter(100);
  }
  FakeSocket.last.breaks();
  await assert.rejects(stream.completed, { code: "CONNECTION_LOST", retryable: true });
  await assert.rejects(connected, { code: "CONNECTION_LOST" });
  mock.timers.tick(1_000_000);
  assert.deepEqual([FakeSocket.all.length, client.state], [4, "idle"]);
  client.stream("again"); // a new request starts new attempts
  assert.equal(FakeSocket.all.length, 5);
});

test("the delays start again after a chunk, not after a connection", () => {
  started({ backOff: { firstMs: 100 } });
  for (const wait of [100, 200]) {
    FakeSocket.last.opens();
    FakeSocket.last.breaks();
    reconnectsAfter(wait);
  }
  FakeSocket.last.opens();
  const [{ request_id }] = FakeSocket.last.sent;
  FakeSocket.last.receives({ type: "stream_start", request_id, stream_id: "id", trace_id: "t", resumable: true });
  FakeSocket.last.receives({ type: "chunk", index: 0, data: "x" });
  FakeSocket.last.breaks();
  reconnectsAfter(100);
});

test("a service that restarts (1012) is retried soon, after any earlier delay", () => {
  started({ backOff: { firstMs: 100 } });
  for (const wait of [100, 200, 400]) {
    FakeSocket.last.breaks();
    reconnectsAfter(wait);
  }
  FakeSocket.last.opens();
  FakeSocket.last.breaks(1012);
  reconnectsAfter(100);
});

for (const [what, code, reason] of [
  ["a restart", 1012, "the server restarts, reconnect soon; retry_after_ms=8000"],
  ["a full server", 4101, "over capacity; retry_after_ms=8000"],
])
  test(`${what} that states a time is retried after it and up to a quarter more`, () => {
    started({ backOff: { firstMs: 100, maxMs: 100 } });
    for (const [drawn, wait] of [
      [0, 8000],
      [0.5, 9000],
      [1, 10_000],
    ]) {
      random = drawn;
      FakeSocket.last.opens();
      FakeSocket.last.breaks(code, reason);
      reconnectsAfter(wait);
    }
    random = 1;
    FakeSocket.last.breaks();
    reconnectsAfter(100);
  });

test("a time in a reason is followed for at most five minutes, and only if it is one", () => {
  started({ backOff: { firstMs: 100, maxMs: 100 } });
  for (const [reason, wait] of [
    ["retry_after_ms=99999999999", 375_000],
    ["retry_after_ms=soon", 100],
    ["retry_after_ms=-5", 100],
  ]) {
    FakeSocket.last.opens();
    FakeSocket.last.breaks(1012, reason);
    reconnectsAfter(wait);
  }
});

test("a handshake that is refused with Retry-After is retried after it", () => {
  started({ backOff: { firstMs: 100, maxMs: 100 } });
  for (const [header, wait] of [
    ["8", 10_000],
    [undefined, 100],
    ["Wed, 21 Oct 2026 07:28:00 GMT", 100],
  ]) {
    FakeSocket.last["unexpected-response"]({}, { headers: { "retry-after": header } });
    reconnectsAfter(wait);
  }
});

test("a full server is retried with growing delays", () => {
  const errors = [];
  started({ backOff: { firstMs: 100 }, onState: (state, error) => state === "waiting" && errors.push(error.code) });
  for (const wait of [100, 200, 400]) {
    FakeSocket.last.readyState = 1;
    FakeSocket.last.receives({ type: "error", code: "OVER_CAPACITY", message: "full", fatal: true, retryable: true });
    FakeSocket.last.breaks(4101);
    reconnectsAfter(wait);
  }
  assert.deepEqual(errors, Array(3).fill("OVER_CAPACITY"));
});

for (const [what, code, error] of [
  ["a stream taken over", 4103, { code: "STREAM_TAKEN_OVER", message: "…", fatal: true, retryable: false }],
  ["a final close code", 4103],
  ["a frame that violates the protocol", 1002],
])
  test(`${what} is permanent: the client does not reconnect`, async () => {
    const { client, stream } = started();
    FakeSocket.last.opens();
    if (error) FakeSocket.last.receives({ type: "error", ...error });
    FakeSocket.last.breaks(code);
    await assert.rejects(stream.completed, { code: error?.code ?? "CONNECTION_LOST", fatal: true, retryable: false });
    mock.timers.tick(1_000_000);
    assert.deepEqual([FakeSocket.all.length, client.state], [1, "idle"]);
  });

test("without a pending stream it does not reconnect until the next request", () => {
  const { client } = started();
  FakeSocket.last.opens();
  const [{ request_id }] = FakeSocket.last.sent;
  FakeSocket.last.receives({ type: "error", code: "EMPTY_CONTENT", fatal: false, retryable: false, request_id });
  FakeSocket.last.receives({ type: "error", code: "IDLE_TIMEOUT", fatal: true, retryable: true });
  FakeSocket.last.breaks(4111);
  mock.timers.tick(1_000_000);
  assert.deepEqual([FakeSocket.all.length, client.state], [1, "idle"]);
});

/** The message for a stream of which three chunks were received before its connection was lost. */
function interruptStream({ resumable = true, resume_token = "first" } = {}) {
  const { client, stream } = started({ backOff: { firstMs: 100, maxMs: 100, attempts: 3 } });
  FakeSocket.last.opens({ resume_token });
  const [{ request_id }] = FakeSocket.last.sent;
  FakeSocket.last.receives({ type: "stream_start", request_id, stream_id: "id", trace_id: "t", resumable });
  for (const index of [0, 1, 2]) FakeSocket.last.receives({ type: "chunk", index, data: `${index}` });
  FakeSocket.last.breaks();
  reconnectsAfter(100);
  FakeSocket.last.opens({ resume_token: "second" });
  return { client, stream, sent: FakeSocket.last.sent };
}

test("an interrupted stream is recovered with the token of its connection and the last index", () => {
  const { sent } = interruptStream();
  assert.deepEqual(sent, [{ type: "recover", stream_id: "id", last_index: 2, token: "first" }]);
});

for (const reason of ["unknown", "session_over", "position", "version"])
  test(`a stream that cannot be recovered fails with the reason: ${reason}`, async () => {
    const { stream } = interruptStream();
    FakeSocket.last.receives({ type: "stream_recovered", stream_id: "id", recovered: false, reason });
    await assert.rejects(stream.completed, { code: "NOT_RECOVERABLE", reason, streamId: "id", retryable: true });
    assert.equal(stream.received, 3);
  });

test("a stream that was not stored cannot be recovered", async () => {
  const { stream, sent } = interruptStream({ resumable: false });
  await assert.rejects(stream.completed, { code: "NOT_RECOVERABLE", reason: "not_stored" });
  assert.deepEqual(sent, []);
});

test("recovery is retried while the store is unavailable", async () => {
  const { stream } = interruptStream();
  for (const _ of [1, 2]) {
    FakeSocket.last.receives({ type: "stream_recovered", stream_id: "id", recovered: false, reason: "unavailable" });
    reconnectsAfter(100);
    FakeSocket.last.opens();
  }
  FakeSocket.last.receives({ type: "stream_recovered", stream_id: "id", recovered: false, reason: "unavailable" });
  await assert.rejects(stream.completed, { code: "NOT_RECOVERABLE", reason: "unavailable" });
});

test("a repeated chunk is ignored; a gap leads to recovery", () => {
  const { stream } = interruptStream();
  FakeSocket.last.receives({ type: "stream_recovered", stream_id: "id", recovered: true, next_index: 3, paused: false });
  FakeSocket.last.receives({ type: "chunk", index: 2, data: "2" });
  FakeSocket.last.receives({ type: "chunk", index: 3, data: "3" });
  assert.equal(stream.received, 4);
  FakeSocket.last.receives({ type: "chunk", index: 5, data: "5" });
  assert.deepEqual([stream.received, stream.state], [4, "broken"]);
  reconnectsAfter(100);
  FakeSocket.last.opens();
  assert.deepEqual(FakeSocket.last.sent, [{ type: "recover", stream_id: "id", last_index: 3, token: "second" }]);
});

test("an unanswered request is repeated with the token of the first attempt", () => {
  const { stream } = started({ backOff: { firstMs: 100, maxMs: 100 } });
  for (const resume_token of ["first", "second", "third"]) {
    FakeSocket.last.opens({ resume_token });
    const [{ request_id, token }] = FakeSocket.last.sent;
    assert.deepEqual([request_id, token], [stream.requestId, resume_token === "first" ? undefined : "first"]);
    const actions = FakeSocket.last.sent.slice(1).map(({ action }) => action);
    assert.deepEqual(actions, resume_token === "first" ? [] : ["resume"]); // it may have been left in a pause
    FakeSocket.last.breaks();
    reconnectsAfter(100);
  }
});

test("a cancel whose answer is lost is a cancel", async () => {
  const { client, stream } = started();
  FakeSocket.last.opens();
  const [{ request_id }] = FakeSocket.last.sent;
  FakeSocket.last.receives({ type: "stream_start", request_id, stream_id: "id", trace_id: "t", resumable: true });
  stream.cancel();
  assert.equal(stream.state, "streaming");
  FakeSocket.last.breaks();
  assert.equal((await stream.completed).cancelled, true);
  assert.equal(client.state, "idle");
});

test("a request from a connection listener has the token of that connection", () => {
  let stream;
  const onSession = () => (stream ??= client.stream("content"));
  const client = new StreamingClient("http://service", { WebSocket: FakeSocket, probe: false, onSession, backOff: { firstMs: 100 } });
  client.connect();
  FakeSocket.last.opens({ resume_token: "first" });
  assert.equal(FakeSocket.last.sent[0].token, undefined);
  FakeSocket.last.breaks();
  reconnectsAfter(100);
  FakeSocket.last.opens({ resume_token: "second" });
  assert.equal(FakeSocket.last.sent[0].token, "first");
});

test("a request from a listener of a lost connection is sent on the next connection", () => {
  const client = new StreamingClient("http://service", { WebSocket: FakeSocket, probe: false, backOff: { firstMs: 100 } });
  const stream = client.stream("first", { onEnd: () => client.stream("second") });
  FakeSocket.last.opens();
  const [{ request_id }] = FakeSocket.last.sent;
  FakeSocket.last.receives({ type: "stream_start", request_id, stream_id: "id", trace_id: "t", resumable: true });
  stream.cancel();
  FakeSocket.last.breaks();
  reconnectsAfter(100);
  FakeSocket.last.opens();
  assert.deepEqual(FakeSocket.last.sent.map(({ content, token }) => [content, token]), [["second", undefined]]);
});
