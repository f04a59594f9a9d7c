// Several streams of one client at a time, each on a connection of its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parallel } from "../../../clients/js/dist/streaming-content-parallel.js";
import { recover, save } from "../../../clients/js/dist/streaming-content-storage.js";
import { Network, all, client, signal, words } from "./service.mjs";

const fast = { speed: "superfast" };

test("a paused stream holds up no other", async () => {
  const { changed, until } = signal();
  const user = client({ pool: parallel(2) });
  const paused = user.stream(words(20, "paused"), { ...fast, onState: changed, onChunk: changed });
  await until(() => paused.received >= 1);
  paused.pause();
  await until(() => paused.state === "paused");
  const others = Array.from({ length: 5 }, (_, index) => user.stream(words(3, `${index}-`), fast));
  assert.deepEqual(await Promise.all(others.map(all)), Array.from({ length: 5 }, (_, index) => words(3, `${index}-`)));
  assert.equal(paused.state, "paused");
  paused.resume();
  assert.equal((await paused.completed).totalChunks, 20);
});

test("three run at a time, the others follow in their order, and all count for one session", async () => {
  const network = await Network.open();
  const user = client({ pool: parallel(3) }, network.url);
  const order = [];
  let running = 0;
  let most = 0;
  const streams = Array.from({ length: 9 }, (_, index) =>
    user.stream(words(4, `${index}-`), {
      ...fast,
      onStart: () => (order.push(index), (most = Math.max(most, ++running))),
      onEnd: () => running--,
    }),
  );
  assert.equal(user.streams.length, 9);
  await Promise.all(streams.map(({ completed }) => completed));
  assert.deepEqual([most, network.connections], [3, 3]);
  assert.deepEqual(order.toSorted((one, other) => one - other), [...streams.keys()]);
  assert.ok(order.indexOf(8) > order.indexOf(3), `${order}`);
  const fresh = client({ sessionId: user.sessionId });
  assert.equal((await fresh.connect()).requestsLeft, 91);
  assert.deepEqual(user.streams, []);
});

test("three streams at once whose connections are lost again and again are exact", async () => {
  const network = await Network.open();
  const user = client({ pool: parallel(3) }, network.url);
  let chunks = 0;
  const streams = [0, 1, 2].map((index) => user.stream(words(60, `${index}-`), fast));
  user.on("message", (direction, { type }) => type === "chunk" && ++chunks % 25 === 0 && network.cut());
  assert.deepEqual(await Promise.all(streams.map(all)), [0, 1, 2].map((index) => words(60, `${index}-`)));
  assert.ok(network.connections >= 9, `${network.connections}`);
});

test("a stream that waits for a connection is controlled like one that runs", async () => {
  const { changed, until } = signal();
  const user = client({ pool: parallel(2) });
  const running = [0, 1].map(() => user.stream(words(300), { onChunk: changed }));
  const [cancelled, skipped, held] = [0, 1, 2].map(() => user.stream(words(300)));
  const controller = new AbortController();
  const late = user.stream("late", { signal: controller.signal });
  await until(() => running.every(({ received }) => received));
  cancelled.cancel();
  skipped.skip();
  held.pause();
  controller.abort(new Error("enough"));
  assert.equal((await cancelled.completed).cancelled, true);
  await assert.rejects(late.completed, { message: "enough" });
  for (const stream of running) stream.cancel();
  assert.equal((await skipped.completed).skipped, true);
  await user.ping();
  assert.equal(held.received, 0);
  held.skip();
  assert.equal((await held.completed).skipped, true);
});

test("an error of one stream, and a connection that another client takes over, leave the others", async () => {
  const { changed, until } = signal();
  const user = client({ pool: parallel(2) });
  const taken = user.stream(words(300), { onChunk: changed });
  const other = user.stream(words(30, "other"), { ...fast });
  const wrong = user.stream("x", { speed: "warp" });
  const waits = user.stream("waits", fast);
  await until(() => taken.received >= 1);
  const saved = save(user);
  const thief = client();
  const [, ...rest] = saved.streams;
  const [stolen] = recover(thief, { ...saved, streams: saved.streams.filter((entry) => !rest.includes(entry)) });
  await assert.rejects(taken.completed, { code: "STREAM_TAKEN_OVER" });
  stolen.skip();
  assert.equal(await all(stolen), words(300));
  assert.equal(await all(other), words(30, "other"));
  await assert.rejects(wrong.completed, { code: "INVALID_SPEED" });
  assert.equal(await all(waits), "waits");
});

test("a stream does not wait for a connection that is refused", async () => {
  const network = await Network.open();
  network.most = 1;
  const user = client({ pool: parallel(3) }, network.url);
  const streams = Array.from({ length: 5 }, (_, index) => user.stream(words(3, `${index}-`), fast));
  const contents = streams.map((_, index) => words(3, `${index}-`));
  assert.deepEqual(await Promise.all(streams.map(all)), contents);
  assert.equal(network.connections, 1);
});

test("the state is that of all connections", async () => {
  const network = await Network.open();
  const states = [];
  const user = client({ pool: parallel(3), onState: (state) => states.push(state) }, network.url);
  await Promise.all([0, 1, 2].map((index) => user.stream(`${index}`, fast).completed));
  assert.deepEqual(states, ["connecting", "open"]);
  await user.close();
  assert.deepEqual(states, ["connecting", "open", "closed"]);
  await assert.rejects(user.stream("x").completed, { code: "CLIENT_CLOSED" });
});

test("after close, streams that wait for a connection fail too", async () => {
  const user = client({ pool: parallel(2) });
  const streams = Array.from({ length: 5 }, () => user.stream(words(300)));
  await user.connect();
  await user.close();
  for (const { completed } of streams) await assert.rejects(completed, { code: "CLIENT_CLOSED" });
});

test("after the last attempt all streams fail, and the next request tries again", async () => {
  const network = await Network.open();
  network.close();
  const user = client({ pool: parallel(2), backOff: { firstMs: 1, attempts: 2 } }, network.url);
  const streams = Array.from({ length: 5 }, () => user.stream("x"));
  for (const { completed } of streams) await assert.rejects(completed, { name: "StreamingError" });
  assert.equal(user.state, "idle");
  await assert.rejects(user.stream("x").completed, { name: "StreamingError" });
});

test("there is at least one connection", () => {
  for (const count of [0, -1, NaN, undefined]) assert.throws(() => parallel(count), TypeError);
});
