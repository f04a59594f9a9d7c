// Reports of what a reader waited for, to a service that evaluates them. Time passes only where a test lets it.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Network, all, client, service, signal, words } from "./service.mjs";

const fast = { speed: "superfast" };
let now;

beforeEach(() => {
  now = 0;
  mock.method(performance, "now", () => now);
});

afterEach(() => mock.restoreAll());

/** A client whose clock advances by `before(message)` milliseconds before a message is received, and its reports. */
function reporting(before, url, options = {}) {
  const reports = [];
  const onMessage = (direction, message) => {
    if (direction === "in") now += before(message) ?? 0;
    else if (message.type === "client_report") reports.push(message);
  };
  return { user: client({ report: true, onMessage, ...options }, url), reports };
}

async function samples() {
  const text = await (await fetch(`${service}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^(stream_client_\w+?)(_count|_sum|_total) (\S+)/gm)].map(([, name, kind, value]) => [
      name + kind,
      Number(value),
    ]),
  );
}

test("a report has the first chunk, the longest gap and the lost connections, and the service counts it", async () => {
  const before = await samples();
  const network = await Network.open();
  const gaps = [250, 100, 400, 50, 30, 700];
  const { user, reports } = reporting(({ type, index }) => (type === "chunk" ? (gaps[index] ?? 10) : 0), network.url);
  let cuts = 0;
  let connected = true; // chunks that arrived together are read after a cut too
  const stream = user.stream(words(300), {
    onChunk({ index }) {
      if (cuts === 2 && index >= gaps.length) stream.skip();
      if (cuts === 2 || !connected) return;
      cuts++;
      connected = false;
      network.cut();
    },
    onState: (state) => (connected ||= state === "broken"),
  });
  await stream.completed;
  const { streamId } = stream;
  const report = { type: "client_report", stream_id: streamId, first_chunk_ms: 250, longest_gap_ms: 700, breaks: 2 };
  assert.deepEqual(reports, [report]);
  await user.ping(); // the report was sent before it
  const after = await samples();
  const grown = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]]));
  assert.deepEqual(grown, {
    stream_client_first_chunk_seconds_count: 1,
    stream_client_first_chunk_seconds_sum: 0.25,
    stream_client_gap_seconds_count: 1,
    stream_client_gap_seconds_sum: 0.7,
    stream_client_breaks_total: 2,
  });
});

test("pauses do not count, also while other streams are requested", async () => {
  const { changed, until } = signal();
  const times = { chunk: 100, stream_paused: 5, stream_resumed: 90_000 };
  const { user, reports } = reporting(({ type }) => times[type]);
  const stream = user.stream(words(300), { onChunk: changed, onState: changed });
  await until(() => stream.received >= 2);
  stream.pause();
  await until(() => stream.state === "paused");
  user.stream("the next", fast).cancel();
  now += 1_000_000;
  stream.resume();
  await until(() => stream.state === "streaming");
  Object.assign(times, { stream_paused: 0, stream_resumed: 0 }); // a skip pauses
  stream.skip();
  await stream.completed;
  assert.deepEqual([reports[0].first_chunk_ms, reports[0].longest_gap_ms], [100, 105]);
});

test("the turn of a stream begins with the end of the one before it", async () => {
  const { user, reports } = reporting(({ type }) => ({ chunk: 100, stream_start: 40 })[type]);
  const streams = ["one two three", "one two", "one"].map((content) => user.stream(content, fast));
  await Promise.all(streams.map(all));
  const expected = streams.map(({ streamId }, index) => ({
    type: "client_report",
    stream_id: streamId,
    first_chunk_ms: 140,
    ...(index < 2 && { longest_gap_ms: 100 }), // the last has one chunk
    breaks: 0,
  }));
  assert.deepEqual(reports, expected);
});

test("a day in the background is reported as the bound of the service", async () => {
  const errors = [];
  const { user, reports } = reporting((message) => {
    if (message.type === "error") errors.push(message);
    return message.type === "chunk" ? 86_400_000 : 0;
  });
  await all(user.stream("one two", fast));
  await user.ping();
  assert.deepEqual([reports[0].first_chunk_ms, reports[0].longest_gap_ms, errors], [600_000, 600_000, []]);
});

test("a cancelled stream is reported if it has started", async () => {
  const { changed, until } = signal();
  const { user, reports } = reporting(() => 0);
  const running = user.stream(words(300), { onChunk: changed });
  const waiting = user.stream(words(300));
  await until(() => running.received >= 1);
  waiting.cancel();
  running.cancel();
  await running.completed;
  await user.ping();
  assert.deepEqual(reports.map(({ stream_id }) => stream_id), [running.streamId]);
});

test("nothing is reported by default", async () => {
  const { user, reports } = reporting(() => 0, service, { report: undefined });
  await all(user.stream("one two", fast));
  assert.deepEqual(reports, []);
});
