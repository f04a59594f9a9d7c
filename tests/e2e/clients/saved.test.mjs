// Streams that go on in another client: after a reload, in another tab, on another device.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parallel } from "../../../clients/js/dist/streaming-content-parallel.js";
import { recover, save } from "../../../clients/js/dist/streaming-content-storage.js";
import { Network, all, client, signal, words } from "./service.mjs";

const fast = { speed: "superfast" };

/** What a page leaves behind: its connections end without a word, and what it saved is only JSON. */
async function left(begin, options = {}) {
  const network = await Network.open();
  const { changed, until } = signal();
  const user = client(options, network.url);
  user.on("stream", (stream) => {
    stream.on("chunk", changed);
    stream.on("state", changed);
  });
  const streams = await begin(user, until);
  const saved = JSON.parse(JSON.stringify(save(user)));
  network.close();
  return { saved, user, streams };
}

test("a stream in its middle is sent again from its first chunk", async () => {
  const { saved } = await left(async (user, until) => {
    const stream = user.stream(words(40), { ...fast, requestId: "answer" });
    await until(() => stream.received >= 10);
  });
  assert.ok(!("content" in saved.streams[0].request));
  const user = client();
  const [stream] = recover(user, saved);
  assert.deepEqual([stream.requestId, stream.state, stream.start.totalChunks, stream.htmlMode], ["answer", "broken", 40, "fragment"]);
  assert.equal(await all(stream), words(40));
  assert.equal((await stream.completed).totalChunks, 40);
  assert.equal(user.sessionId, saved.sessionId);
  await user.connect();
  assert.equal(user.session.requestsLeft, 99);
});

test("a stream whose beginning is kept is continued where it ends", async () => {
  let kept = "";
  const { saved } = await left(async (user, until) => {
    const stream = user.stream(words(40), { ...fast, onChunk: ({ data }) => (kept += data) });
    await until(() => stream.received >= 10);
  });
  kept = words(saved.streams[0].received);
  const [stream] = recover(client(), saved, { kept: true });
  const rest = await all(stream);
  assert.equal(kept + rest, words(40));
  assert.ok(saved.streams[0].received >= 10 && stream.received === 40);
});

test("streams that wait are requested again, counted once and in their order", async () => {
  const contents = ["one", "two", "three"].map((word) => words(6, word));
  const { saved } = await left(async (user, until) => {
    const streams = contents.map((content) => user.stream(content, fast));
    await until(() => streams[0].received >= 2);
  });
  const user = client();
  const order = [];
  const streams = recover(user, saved);
  for (const [index, stream] of streams.entries()) stream.on("end", () => order.push(index));
  assert.deepEqual(await Promise.all(streams.map(all)), contents);
  assert.deepEqual(order, [0, 1, 2]);
  await user.connect();
  assert.equal(user.session.requestsLeft, 97);
});

test("streams that were never sent go on", async () => {
  const before = client({}, "http://127.0.0.1:9"); // nothing listens there
  const streams = ["one", "two"].map((content) => before.stream(content, { ...fast, contentType: "markdown", htmlMode: "incremental" }));
  const saved = JSON.parse(JSON.stringify(save(before)));
  await before.close();
  assert.ok(streams.every(({ state }) => state === "failed"));
  assert.deepEqual(save(before).streams, []);
  assert.deepEqual(await Promise.all(recover(client(), saved).map(all)), ["<p>one</p>", "<p>two</p>"]);
});

test("a paused stream stays paused, and a cancelled one is over", async () => {
  const { saved } = await left(async (user, until) => {
    const stream = user.stream(words(40), fast);
    const other = user.stream(words(40), fast);
    await until(() => stream.received >= 3);
    stream.pause();
    other.cancel();
    await until(() => stream.state === "paused");
  });
  const { changed, until } = signal();
  const [stream, ...others] = recover(client(), saved);
  assert.deepEqual(others, []);
  stream.on("state", changed);
  await until(() => stream.state === "paused");
  assert.equal(stream.received, 0);
  stream.resume();
  assert.equal(await all(stream), words(40));
});

test("three streams at a time go on, each in its session", async () => {
  const contents = ["one", "two", "three", "four"].map((word) => words(30, word));
  const { saved } = await left(
    async (user, until) => {
      const streams = contents.map((content) => user.stream(content, fast));
      await until(() => streams.slice(0, 3).every(({ received }) => received >= 3));
    },
    { pool: parallel(3) },
  );
  for (const pool of [parallel(3), undefined]) {
    const user = client(pool && { pool });
    const streams = recover(user, saved);
    if (pool) await Promise.all(streams.slice(0, 1).map(({ completed }) => completed));
    else assert.equal(streams.length, 4);
    const results = await Promise.allSettled(streams.map(all));
    if (pool) assert.deepEqual(results.map(({ value }) => value), contents);
    // They have been completed and acknowledged by then.
    else for (const { reason } of results.slice(0, 3)) assert.equal(reason.code, "NOT_RECOVERABLE");
  }
});

test("a client with a session of its own keeps it, and recovers in the other", async () => {
  const { saved } = await left(async (user, until) => {
    const stream = user.stream(words(20), fast);
    await until(() => stream.received >= 3);
  });
  const user = client({ sessionId: `own-${Date.now()}` });
  const [stream] = recover(user, saved);
  const own = user.stream(words(300));
  assert.equal(await all(stream), words(20)); // on another connection: it does not wait
  own.skip();
  await own.completed;
  assert.deepEqual([user.session.sessionId, user.session.requestsLeft], [user.sessionId, 99]);
});

test("the same stream in two clients ends exact in the last one, and in the other exact or with one error", async () => {
  const { changed, until } = signal();
  const first = client();
  const stream = first.stream(words(60), { ...fast, onChunk: changed });
  await until(() => stream.received >= 3);
  const saved = save(first);
  const [again] = recover(client(), saved);
  await assert.rejects(stream.completed, { code: "STREAM_TAKEN_OVER", retryable: false });
  assert.equal(await all(again), words(60));
});

test("a stream that has been completed is one clear error", async () => {
  const { changed, until } = signal();
  const first = client();
  const stream = first.stream(words(10), { ...fast, onChunk: changed });
  await until(() => stream.received >= 3);
  const saved = save(first);
  await stream.completed;
  await first.ping(); // the ack has been received
  const [late] = recover(client(), saved);
  await assert.rejects(late.completed, { code: "NOT_RECOVERABLE", reason: "unknown" });
});

test("what another person could have changed gives access to nothing", async () => {
  const { saved } = await left(async (user, until) => {
    const stream = user.stream(words(40), fast);
    await until(() => stream.received >= 3);
  });
  const [entry] = saved.streams;
  const wrong = { ...saved, streams: [{ ...entry, token: "guessed" }] };
  await assert.rejects(recover(client(), wrong)[0].completed, { code: "NOT_RECOVERABLE" });
  const { content: _, ...unsent } = { ...entry, start: undefined };
  const changed = [
    null,
    {},
    unsent,
    { ...entry, sessionId: ".." },
    { ...entry, sessionId: undefined },
    { ...entry, received: -1 },
    { ...entry, token: {} },
    { ...entry, start: 7 },
    { ...entry, request: { ...entry.request, request_id: 7 } },
    { ...entry, request: { ...entry.request, type: "stream_control", action: "cancel" } },
    { ...entry, request: { type: "watch", request_id: "label" } },
    { ...entry, request: { type: "watch", request_id: "label", stream_id: "id", settled: "all" } },
  ].map((changed) => ({ ...saved, streams: [changed] }));
  const nothing = [undefined, null, {}, [], "", { ...saved, version: 2 }, { ...saved, streams: 7 }, { ...saved, streams: [entry, entry] }];
  for (const wrong of [...nothing, ...changed, { ...saved, sessionId: "a/b" }]) {
    const user = client();
    assert.throws(() => recover(user, wrong), { name: "TypeError", message: "This is not what save() returns." });
    assert.deepEqual([user.streams, user.state], [[], "idle"]);
  }
  const long = { ...entry, request: { ...entry.request, speed: { fast: true } } };
  await assert.rejects(recover(client(), { ...saved, streams: [long] })[0].completed, { code: "INVALID_MESSAGE" });
});

test("recovering twice in one client is wrong use", async () => {
  const user = client();
  const stream = user.stream(words(10), fast);
  const saved = save(user);
  const more = { ...saved, streams: [{ ...saved.streams[0], request: { ...saved.streams[0].request, request_id: "x" } }, ...saved.streams] };
  for (const wrong of [saved, more]) assert.throws(() => recover(user, wrong), TypeError);
  assert.deepEqual(user.streams, [stream]); // all or none
  assert.equal(await all(stream), words(10));
});

test("the token of the user is not saved", async () => {
  const user = client({ getToken: () => "the-token-of-the-user" });
  const stream = user.stream(words(300));
  await user.connect();
  const text = JSON.stringify(save(user));
  assert.ok(!text.includes("the-token-of-the-user") && text.includes(stream.requestId));
});
