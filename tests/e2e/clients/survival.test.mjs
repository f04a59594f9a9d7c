// How long and how often the client tries to reconnect, when it notices that a connection is dead, and what wakes it; with
// a scripted socket, page and clock.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";
import { FakePage, FakeSocket } from "./fake.mjs";

/** The clock of the computer is set, by this number of milliseconds. */
let setClock;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.method(Math, "random", () => 1);
  const { now } = Date;
  mock.method(performance, "now", () => now());
  setClock = (by) => mock.method(Date, "now", () => now() + by);
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

/** In small steps: a timer of a timer counts from the end of a step. */
function seconds(count) {
  for (let step = 0; step < Math.round(count * 20); step++) mock.timers.tick(50);
}

/** A client with a stream, connected unless the limits are `null`. */
function started({ limits = {}, running = true, ...options } = {}) {
  const errors = [];
  const client = new StreamingClient("http://service", { WebSocket: FakeSocket, probe: false, ...options });
  const stream = client.stream("content", { onError: (error) => errors.push(error.code) });
  if (limits) {
    FakeSocket.last.opens({ limits });
    if (running) FakeSocket.last.starts();
  }
  return { client, stream, errors };
}

/** Lets every attempt fail at once for this long; returns when the attempts were, in seconds since now. */
function outage(length) {
  const began = Date.now();
  const attempts = [];
  let known = FakeSocket.all.length;
  FakeSocket.last.breaks();
  for (let passed = 0; passed < length; passed += 0.05) {
    seconds(0.05);
    if (FakeSocket.all.length === known) continue;
    known = FakeSocket.all.length;
    attempts.push((Date.now() - began) / 1000);
    FakeSocket.last.breaks();
  }
  return attempts;
}

const gaps = (times) => times.slice(1).map((time, index) => time - times[index]);

for (const [what, limits, from, to] of [
  ["as long as the service keeps the stream", { resume_ttl: 300 }, 300, 310],
  ["longer where the service keeps it longer", { resume_ttl: 900 }, 900, 910],
  ["at least for a minute, for what waits", { resume_ttl: 1 }, 60, 70],
  ["for five minutes if the service does not state a time", {}, 300, 310],
  ["for five minutes before the first connection", null, 300, 310],
])
  test(`it retries ${what}, at most 10 s apart`, () => {
    const { client, errors } = started({ limits });
    const attempts = outage(1000);
    assert.ok(attempts.at(-1) >= from - 10 && attempts.at(-1) <= to, `${attempts.at(-1)}`);
    assert.ok(Math.max(...gaps(attempts)) <= 10.1);
    assert.deepEqual([client.state, client.retryAt, errors], ["idle", undefined, ["CONNECTION_LOST"]]);
  });

test("a stream goes on after 75 s and after 250 s offline", () => {
  const { client, stream } = started({ limits: { resume_ttl: 300 } });
  for (const length of [75, 250]) {
    outage(length);
    assert.deepEqual([client.state, stream.state], ["waiting", "broken"]);
    client.retry();
    FakeSocket.last.opens({ limits: { resume_ttl: 300 } });
    assert.equal(FakeSocket.last.sent[0].type, "recover");
    FakeSocket.last.receives({ type: "stream_recovered", stream_id: "id", recovered: true, next_index: stream.received });
    FakeSocket.last.receives({ type: "chunk", index: stream.received, data: "x" });
  }
  assert.equal(stream.state, "streaming");
});

test("a clock that is set changes nothing", () => {
  const { client, errors } = started({ limits: { resume_ttl: 300 } });
  outage(10);
  setClock(86_400_000);
  outage(200);
  setClock(-86_400_000);
  outage(10);
  assert.deepEqual([client.state, errors], ["waiting", []]);
  outage(200);
  assert.deepEqual(errors, ["CONNECTION_LOST"]);
});

test("giveUpMs and attempts of the options hold instead", () => {
  const { errors } = started({ limits: { resume_ttl: 300 }, backOff: { giveUpMs: 20_000 } });
  assert.ok(outage(100).at(-1) <= 30);
  assert.deepEqual(errors, ["CONNECTION_LOST"]);
  assert.equal(started({ backOff: { attempts: 3 } }).client.state, "open");
  assert.equal(outage(100).length, 3);
});

test("a client that stays goes on after that time; what was pending has failed", () => {
  const { client, errors } = started({ limits: { resume_ttl: 300 }, stay: true });
  outage(1000);
  assert.deepEqual(errors, ["CONNECTION_LOST"]);
  assert.equal(client.state, "waiting");
  seconds(10);
  FakeSocket.last.opens();
  assert.equal(client.state, "open");
});

test("the next attempt is known, and retry makes it at once", () => {
  const observed = [];
  const { client, stream } = started();
  client.on("state", (state) => observed.push([state, client.retryAt?.getTime()]));
  assert.equal(client.retryAt, undefined);
  FakeSocket.last.breaks(1012, "restart; retry_after_ms=8000");
  assert.equal(client.retryAt.getTime(), Date.now() + 10_000);
  assert.deepEqual(observed.at(-1), ["waiting", Date.now() + 10_000]);
  client.retry();
  assert.deepEqual([client.state, client.retryAt, FakeSocket.all.length], ["connecting", undefined, 2]);
  client.retry();
  seconds(5);
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.last.breaks();
  stream.retry();
  assert.deepEqual([client.state, FakeSocket.all.length], ["connecting", 3]);
  FakeSocket.last.opens();
  client.retry();
  stream.retry();
  assert.equal(client.state, "open");
});

const heartbeats = () => FakeSocket.last.sent.filter(({ type }) => type === "heartbeat").length;

test("a dead connection in a running stream is noticed within 8 s", () => {
  const { client } = started();
  seconds(2.9);
  assert.equal(heartbeats(), 0);
  seconds(0.1);
  assert.equal(heartbeats(), 1);
  seconds(4.4);
  assert.equal(client.state, "open");
  seconds(0.2);
  assert.equal(client.state, "waiting");
});

test("any message shows that a connection lives", () => {
  const { client } = started();
  for (let index = 0; index < 20; index++) {
    seconds(6);
    FakeSocket.last.receives({ type: "heartbeat_ack" });
  }
  assert.deepEqual([client.state, heartbeats()], ["open", 20]);
  for (let index = 0; index < 50; index++) {
    seconds(1);
    FakeSocket.last.receives({ type: "chunk", index, data: "x" });
  }
  assert.equal(heartbeats(), 20);
});

test("in a pause it takes up to 20 s", () => {
  const { client, stream } = started();
  stream.pause();
  FakeSocket.last.receives({ type: "stream_paused" });
  seconds(15);
  assert.deepEqual([client.state, heartbeats()], ["open", 1]);
  seconds(5);
  assert.equal(stream.state, "broken");
});

test("without anything pending nothing is sent; the next request is watched again", () => {
  const { client } = started();
  FakeSocket.last.receives({ type: "stream_complete", total_chunks: 0, stream_id: "id", metadata: {} });
  seconds(3600);
  assert.deepEqual([client.state, heartbeats()], ["open", 0]);
  client.stream("another");
  seconds(8);
  assert.notEqual(client.state, "open");
});

test("an attempt to connect without an answer gives way to the next one after 9 s", () => {
  started({ limits: null });
  seconds(8.9);
  assert.equal(FakeSocket.all.length, 1);
  seconds(0.6);
  assert.equal(FakeSocket.all.length, 2);
});

test("silenceMs of the options holds instead", () => {
  const { client } = started({ silenceMs: 10_000 });
  seconds(20);
  assert.deepEqual([client.state, heartbeats()], ["open", 1]);
  seconds(10);
  assert.equal(client.state, "waiting");
});

for (const [event, fields] of [
  ["online", {}],
  ["visibilitychange", {}],
  ["pageshow", { persisted: true }],
])
  test(`${event} connects at once, and the delays begin again`, (t) => {
    const page = new FakePage(t);
    started();
    outage(30);
    const before = FakeSocket.all.length;
    page.fire(event, fields);
    assert.equal(FakeSocket.all.length, before + 1);
    FakeSocket.last.breaks();
    seconds(0.25);
    assert.equal(FakeSocket.all.length, before + 2);
  });

test("a page that is hidden, or shown for the first time, changes nothing", (t) => {
  const page = new FakePage(t);
  started();
  FakeSocket.last.breaks();
  page.hidden = true;
  page.fire("visibilitychange");
  page.hidden = false;
  page.fire("pageshow", { persisted: false });
  assert.equal(FakeSocket.all.length, 1);
});

test("a connection has to answer within 5 s of a wake-up, or another one is opened", (t) => {
  const page = new FakePage(t);
  const { client, stream } = started();
  stream.pause();
  FakeSocket.last.receives({ type: "stream_paused" });
  page.fire("online");
  assert.equal(heartbeats(), 1);
  FakeSocket.last.receives({ type: "heartbeat_ack" });
  seconds(10);
  assert.deepEqual([client.state, FakeSocket.all.length], ["open", 1]);
  page.fire("visibilitychange");
  seconds(5);
  assert.equal(FakeSocket.all.length, 2);
});

test("an attempt that began offline has 5 s after a wake-up", (t) => {
  const page = new FakePage(t);
  started({ limits: null });
  seconds(1);
  page.fire("online");
  seconds(5);
  assert.equal(FakeSocket.all.length, 2);
});

test("a page that is left has no connection; when it is restored the stream goes on", (t) => {
  const page = new FakePage(t);
  const { client, stream } = started();
  page.fire("pagehide", { persisted: true });
  assert.deepEqual([FakeSocket.last.readyState, client.state, client.retryAt, stream.state], [3, "waiting", undefined, "broken"]);
  seconds(3600);
  assert.equal(FakeSocket.all.length, 1);
  page.fire("pageshow", { persisted: true });
  FakeSocket.last.opens();
  assert.equal(FakeSocket.last.sent[0].type, "recover");
});

test("listeners of the page are removed when the client is idle and when it is closed", async (t) => {
  const page = new FakePage(t);
  const { client, stream } = started();
  assert.equal(page.listeners.length, 4);
  FakeSocket.last.breaks();
  assert.equal(page.listeners.length, 4);
  stream.cancel();
  seconds(1);
  FakeSocket.last.breaks();
  assert.deepEqual([client.state, page.listeners.length], ["idle", 0]);
  client.stream("another");
  assert.equal(page.listeners.length, 4);
  const closes = client.close();
  FakeSocket.last.onclose({});
  await closes;
  assert.equal(page.listeners.length, 0);
});

