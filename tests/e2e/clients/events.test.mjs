// Listeners that come and go, iterators, and what an AbortSignal ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";
import { FakeSocket } from "./fake.mjs";
import { all, client, signal, words } from "./service.mjs";

const fast = { speed: "superfast" };

test("listeners of a client are called beside its options, until they are taken off", async () => {
  const seen = [];
  const user = client({ onState: (state) => seen.push(`option ${state}`) });
  const off = user.on("state", (state) => seen.push(`first ${state}`));
  const second = (state) => seen.push(`second ${state}`);
  user.on("state", second);
  user.on("session", ({ requestsLeft }) => seen.push(requestsLeft));
  user.on("stream", ({ requestId }) => seen.push(requestId));
  const messages = new Set();
  user.on("message", (direction, { type }) => messages.add(`${direction} ${type}`));
  await user.stream("x", { requestId: "label" }).completed;
  off();
  user.off("state", second);
  await user.close();
  assert.deepEqual(seen, [
    "option connecting", "first connecting", "second connecting", "label",
    "option open", "first open", "second open", 100, 99,
    "option closed",
  ]);
  assert.ok(messages.has("in chunk") && messages.has("out stream_request"));
});

test("listeners of a stream", async () => {
  const seen = [];
  const stream = client().stream("one two", fast);
  for (const name of ["start", "state", "end", "error"]) stream.on(name, () => seen.push(name));
  const off = stream.on("chunk", ({ data }) => {
    seen.push(data);
    off();
  });
  await stream.completed;
  assert.deepEqual(seen, ["state", "start", "one ", "state", "end"]);
});

test("an error in a listener does not keep the others from being called", async (context) => {
  const thrown = [];
  context.mock.method(globalThis, "queueMicrotask", (task) => {
    try {
      task();
    } catch (error) {
      thrown.push(error.message);
    }
  });
  const stream = client().stream("one two", fast);
  let text = "";
  stream.on("chunk", () => {
    throw new Error("mine");
  });
  stream.on("chunk", ({ data }) => (text += data));
  await stream.completed;
  assert.deepEqual([text, thrown], ["one two", ["mine", "mine"]]);
});

test("two iterators have every chunk each, also if one is slower", async () => {
  const { changed, until } = signal();
  const stream = client().stream(words(20), fast);
  const slow = stream.chunks();
  const first = slow.next();
  assert.equal(await all(stream), words(20));
  let text = (await first).value.data;
  for await (const { data } of slow) text += data;
  assert.equal(text, words(20));
  changed();
  await until(() => stream.state === "complete");
});

test("a later iterator begins with what is left, with `keep` with the first chunk", async () => {
  for (const keep of [false, true]) {
    const stream = client().stream(words(10), { ...fast, keep });
    assert.equal(await all(stream), words(10));
    assert.equal(await all(stream), keep ? words(10) : "");
  }
  const stream = client().stream(words(10), { ...fast, keep: true, onChunk() {} });
  assert.equal(await all(stream), words(10));
});

test("chunks that only listeners read are not kept, and those that were not read go to the first listener", async () => {
  const { changed, until } = signal();
  const listened = client().stream(words(5), fast);
  listened.on("chunk", () => {});
  await listened.completed;
  assert.equal(await all(listened), "");
  const late = client().stream(words(5), fast);
  await late.completed;
  let text = "";
  late.listen({ onChunk: ({ data }) => ((text += data), changed()) });
  await until(() => text === words(5));
});

test("leaving one of two iterators does not cancel the stream; leaving the last one does", async () => {
  const stream = client().stream(words(300));
  const [one, other] = [stream.chunks(), stream.chunks()];
  await Promise.all([one.next(), other.next()]);
  await one.return();
  assert.equal(stream.state, "streaming");
  await other.return();
  assert.equal((await stream.completed).cancelled, true);
});

test("a signal ends the wait of an iterator with its reason", async () => {
  const controller = new AbortController();
  const stream = client().stream(words(300), { speed: "slow" });
  const chunks = stream.chunks({ signal: controller.signal });
  await chunks.next();
  const next = chunks.next();
  controller.abort(new Error("enough"));
  await assert.rejects(next, { message: "enough" });
  assert.equal((await stream.completed).cancelled, true); // it was the only reader
  const other = client().stream("x");
  await assert.rejects(other.chunks({ signal: AbortSignal.abort() }).next(), { name: "AbortError" });
});

test("a signal ends the wait for a connection or an answer, and a client that waits for nothing gives up", async () => {
  const { changed, until } = signal();
  const controller = new AbortController();
  const reason = { message: "enough" };
  const unconnected = client({ onState: changed }, "http://127.0.0.1:9"); // nothing listens there
  const waits = [unconnected.connect(controller), unconnected.ping(controller)];
  controller.abort(new Error("enough"));
  for (const wait of waits) await assert.rejects(wait, reason);
  await until(() => unconnected.state === "idle");
  const user = client();
  await assert.rejects(user.connect(controller), reason);
  await assert.rejects(user.ping(controller), reason);
  assert.equal(user.state, "idle");

  const leaving = new AbortController();
  await user.connect();
  const aborted = user.ping(leaving);
  const kept = user.ping();
  leaving.abort(new Error("enough"));
  await assert.rejects(aborted, reason);
  assert.ok((await kept) > 0);
});

test("a signal that ends one of two iterators ends the other too, when the first has left", async () => {
  const stream = client().stream(words(300));
  const controller = new AbortController();
  const [first, second] = [1, 2].map(() => stream.chunks({ signal: controller.signal }));
  await Promise.all([first.next(), second.next()]);
  await first.return();
  const rest = assert.rejects(async () => {
    for await (const _ of second);
  }, { message: "enough" });
  stream.pause();
  controller.abort(new Error("enough"));
  await rest;
});

test("thousands of streams that were cancelled before there was a connection are over, and the next one goes on", async () => {
  const user = new StreamingClient("http://service", { WebSocket: FakeSocket });
  const controller = new AbortController();
  const streams = Array.from({ length: 5000 }, () => user.stream("x", { signal: controller.signal }));
  const next = user.stream("next");
  controller.abort(new Error("enough"));
  FakeSocket.last.opens();
  assert.ok(streams.every(({ state }) => state === "failed"));
  assert.deepEqual(FakeSocket.last.sent.map(({ content }) => content), ["next"]);
  FakeSocket.last.starts();
  assert.equal(next.state, "streaming");
  const closed = user.close();
  await assert.rejects(next.completed, { code: "CLIENT_CLOSED" });
  await closed;
});

test("a client that is closed leaves no timer, so that a program can end", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const Answering = class extends FakeSocket {
    close(code) {
      queueMicrotask(() => this.breaks(code));
    }
  };
  const before = timers();
  const user = new StreamingClient("http://service", { WebSocket: Answering });
  user.stream("x");
  FakeSocket.last.opens();
  await user.close();
  assert.ok(timers() <= before);
});

test("a getToken that throws once is called again for the next request", async () => {
  let calls = 0;
  const getToken = () => {
    if (!calls++) throw new Error("not yet");
    return "token";
  };
  const user = client({ getToken });
  await assert.rejects(user.stream("x").completed, { code: "TOKEN_UNAVAILABLE" });
  assert.equal(await all(user.stream("one two", fast)), "one two");
  assert.equal(calls, 2);
});
