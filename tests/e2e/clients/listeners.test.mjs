// Listeners that throw: the exception is reported as uncaught, and no stream is affected.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Network, client, words } from "./service.mjs";

let thrown;

beforeEach(() => {
  thrown = [];
  mock.method(globalThis, "queueMicrotask", (task) => {
    try {
      task();
    } catch (error) {
      thrown.push(error.message);
    }
  });
});

afterEach(() => mock.restoreAll());

function throwing(name) {
  throw new Error(name);
}

for (const name of ["onState", "onSession", "onMessage"])
  test(`${name} of a client`, async () => {
    const network = await Network.open();
    const user = client({ [name]: () => throwing(name) }, network.url);
    const stream = user.stream(words(6), { speed: "superfast", onChunk: () => stream.received === 2 && network.cut() });
    assert.equal((await stream.completed).totalChunks, 6);
    await user.close();
    assert.ok(thrown.length && thrown.every((message) => message === name));
  });

for (const name of ["onStart", "onState", "onChunk", "onEnd"])
  test(`${name} of a stream`, async () => {
    const network = await Network.open();
    const user = client({}, network.url);
    const stream = user.stream(words(6), { speed: "superfast", onChunk() {}, [name]: () => throwing(name) });
    const next = user.stream("next", { speed: "superfast" });
    await user.connect();
    assert.equal((await stream.completed).totalChunks, 6);
    assert.equal((await next.completed).totalChunks, 1);
    assert.ok(thrown.length && thrown.every((message) => message === name));
  });

test("onError of one of several streams, when no further connection is opened", async () => {
  const user = client();
  const streams = [1, 2, 3].map(() => user.stream("x", { onError: () => throwing("onError") }));
  const connected = user.connect();
  user.close();
  for (const { completed } of streams) await assert.rejects(completed, { code: "CLIENT_CLOSED" });
  await assert.rejects(connected, { code: "CLIENT_CLOSED" });
  assert.deepEqual(thrown, ["onError", "onError", "onError"]);
});
