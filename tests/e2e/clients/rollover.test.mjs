// Sessions with few requests: the next one goes on in another session.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parallel } from "../../../clients/js/dist/streaming-content-parallel.js";
import { all, client, words } from "./service.mjs";

const LIMIT = Number(process.env.MAX_REQUESTS_PER_SESSION);
const fast = { speed: "superfast" };
const contents = (count) => Array.from({ length: count }, (_, index) => words(3, `${index}-`));

for (const connections of [1, 3])
  test(`all requests are answered, once and in order, in several sessions over ${connections} connections`, async () => {
    const sessions = new Set();
    const user = client({ pool: parallel(connections, { rollover: true }) });
    user.on("session", ({ sessionId }) => sessions.add(sessionId));
    const wanted = contents(LIMIT * 3 + 1);
    const streams = wanted.map((content) => user.stream(content, fast));
    assert.deepEqual(await Promise.all(streams.map(all)), wanted);
    assert.equal(sessions.size, 4);
    assert.ok([...sessions].every((id) => id.startsWith(user.sessionId.slice(0, 40)) && id.length <= 64), `${[...sessions]}`);
    assert.equal(user.session.requestsLeft, LIMIT - 1);
    assert.equal(await all(user.stream("after", fast)), "after");
  });

test("a session that was used up before is left at the first refusal", async () => {
  const sessionId = `used-${Date.now()}`;
  const first = client({ sessionId });
  await Promise.all(contents(LIMIT).map((content) => first.stream(content, fast).completed));
  const user = client({ sessionId, pool: parallel(2, { rollover: () => `${sessionId}:next` }) });
  assert.equal(await all(user.stream("one two", fast)), "one two");
  assert.deepEqual([user.sessionId, user.session.sessionId], [sessionId, `${sessionId}:next`]);
});

test("sessions that a function names again are an error, not a loop", async () => {
  for (const others of [[], ["a"], ["a", "b"]]) {
    const ids = [`again-${Date.now()}`, ...others.map((name) => `${name}-${Date.now()}`)];
    let uses = 0;
    const user = client({ sessionId: ids[0], pool: parallel(1, { rollover: () => ids[++uses % ids.length] }) });
    const streams = contents(LIMIT * ids.length + 1).map((content) => user.stream(content, fast));
    const results = await Promise.allSettled(streams.map(({ completed }) => completed));
    assert.deepEqual(results.flatMap(({ reason }) => reason?.code ?? []), ["RATE_LIMIT_EXCEEDED"]);
  }
});

test("a next session that has no requests left either is an error, not a loop", async () => {
  const sessionId = `loop-${Date.now()}`;
  const user = client({ sessionId, pool: parallel(1, { rollover: () => sessionId }) });
  await Promise.all(contents(LIMIT).map((content) => user.stream(content, fast).completed));
  const other = client({ sessionId: `${sessionId}-2`, pool: parallel(1, { rollover: () => sessionId }) });
  await Promise.all(contents(LIMIT).map((content) => other.stream(content, fast).completed));
  await assert.rejects(other.stream("x").completed, { code: "RATE_LIMIT_EXCEEDED" });
});

test("without the option a request beyond the limit fails", async () => {
  const user = client({ pool: parallel(2) });
  const streams = contents(LIMIT + 1).map((content) => user.stream(content, fast));
  const results = await Promise.allSettled(streams.map(({ completed }) => completed));
  assert.deepEqual(results.flatMap(({ reason }) => reason?.code ?? []), ["RATE_LIMIT_EXCEEDED"]);
});
