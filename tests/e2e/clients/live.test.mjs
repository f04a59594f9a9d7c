// Live streams: content that a producer is still writing, read by this client from the real service.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parallel } from "../../../clients/js/dist/streaming-content-parallel.js";
import { recover, save } from "../../../clients/js/dist/streaming-content-storage.js";
import { all, client, Network, signal } from "./service.mjs";
import { Locks, Page, Tab } from "./pages.mjs";
import { Producer } from "./producer.mjs";

/** What the chunks of a live stream amount to. */
function reader(stream) {
  const { changed, until } = signal();
  const read = { kept: "", close: "", chunks: 0, until };
  read.ended = (async () => {
    for await (const { data, from, close = "" } of stream) {
      read.kept = read.kept.slice(0, from) + data;
      read.close = close;
      read.chunks++;
      changed();
    }
    return stream.completed;
  })();
  read.ended.catch(() => {});
  return read;
}

/** A client that reads each live stream of its session. */
async function follower(options = {}, url) {
  const streams = [];
  const { changed, until } = signal();
  const user = client({ live: { htmlMode: "incremental" }, ...options, onLive: (stream) => {
    streams.push({ stream, ...{ read: reader(stream) } });
    changed();
  } }, url);
  await user.connect();
  return { user, next: async () => (await until(() => streams.length), streams.shift()) };
}

test("a stream that begins in the session is read without asking, and its open end is shown", async () => {
  const { user, next } = await follower();
  const producer = await Producer.create(user.sessionId);
  await producer.write("# Title\n\nSome **bold te");
  const { stream, read } = await next();
  await read.until(() => (read.kept + read.close).includes("<strong>bold te</strong></p>"));
  assert.equal(stream.state, "streaming");
  await producer.write("xt**\n");
  await producer.end();
  const { cancelled, totalChunks } = await read.ended;
  assert.deepEqual([cancelled, totalChunks], [false, stream.received]);
  assert.equal(read.kept, "<h1>Title</h1>\n<p>Some <strong>bold text</strong></p>\n".replaceAll(">\n", ">"));
  assert.equal(stream.settled, read.kept.length);
});

test("a late reader has all that is settled in one chunk, also after the end", async () => {
  const user = client();
  const producer = await Producer.create(user.sessionId, "text");
  const text = "one two three 😀 ".repeat(500);
  await producer.write(text);
  const early = reader(user.watch(producer.streamId));
  await early.until(() => early.kept === text);
  await producer.write("end");
  await producer.end();
  await early.ended;
  const late = client({ sessionId: user.sessionId });
  const read = reader(late.watch(producer.streamId));
  await read.ended;
  assert.deepEqual([read.kept, early.kept], [text + "end", text + "end"]);
});

test("a reader that comes back has each character once", async () => {
  const network = await Network.open();
  const { user, next } = await follower({}, network.url);
  const producer = await Producer.create(user.sessionId);
  await producer.write("start\n\n");
  const { stream, read } = await next();
  for (let index = 0; index < 6; index++) {
    await producer.write(`- item ${index} with *some* words 😀\n`);
    if (index % 2) network.cut();
    await read.until(() => read.kept.includes(`item ${index} with <em>some</em>`));
  }
  await producer.end();
  await read.ended;
  const whole = reader(client({ sessionId: user.sessionId }).watch(producer.streamId, { htmlMode: "incremental" }));
  await whole.ended;
  assert.equal(read.kept, whole.kept);
  assert.equal(stream.state, "complete");
});

test("leaving ends one reading, and cancelling the stream for all and for the producer", async () => {
  const { user, next } = await follower();
  const producer = await Producer.create(user.sessionId, "text");
  const { stream, read } = await next();
  const other = client({ sessionId: user.sessionId });
  const others = reader(other.watch(producer.streamId));
  await producer.write("one ");
  await others.until(() => others.kept.includes("one"));
  await read.until(() => read.kept.includes("one"));
  stream.leave();
  assert.equal((await read.ended).cancelled, true);
  await producer.write("two ");
  await others.until(() => others.kept.includes("two"));
  const again = user.watch(producer.streamId, { settled: stream.settled });
  const continued = reader(again);
  await continued.until(() => continued.kept.includes("two"));
  again.cancel();
  assert.equal((await continued.ended).cancelled, true);
  assert.equal((await others.ended).cancelled, true);
  assert.equal((await producer.write("three")).status, 410);
});

test("a client that does not read live streams is not held up by one", async () => {
  const user = client();
  await user.connect();
  const producer = await Producer.create(user.sessionId, "text");
  await producer.write("not read");
  assert.equal(await all(user.stream("requested")), "requested");
});

test("a pause holds back this reader, and a skip catches up", async () => {
  const { user, next } = await follower();
  const producer = await Producer.create(user.sessionId, "text");
  const { stream, read } = await next();
  await producer.write("one ");
  await read.until(() => read.kept.includes("one"));
  const { changed, until } = signal();
  stream.pause();
  const watching = setInterval(changed, 5);
  await until(() => stream.state === "paused");
  const other = reader(client({ sessionId: user.sessionId }).watch(producer.streamId));
  await producer.write("two ");
  await other.until(() => other.kept.includes("two"));
  assert.ok(!read.kept.includes("two"));
  stream.skip();
  await read.until(() => read.kept.includes("two"));
  clearInterval(watching);
  await producer.end();
  await read.ended;
});

test("a stream whose producer fails ends with an error after all that was written", async () => {
  const { user, next } = await follower();
  const producer = await Producer.create(user.sessionId, "text");
  const { read } = await next();
  await producer.write("all of this");
  await producer.end("error");
  await assert.rejects(read.ended, { code: "PRODUCER_FAILED" });
  assert.equal(read.kept, "all of this");
});

test("a silent producer is reported, and so is its return", async () => {
  const states = [];
  const { changed, until } = signal();
  const user = client();
  const producer = await Producer.create(user.sessionId, "text");
  const onProducer = (state) => changed(states.push(state));
  const read = reader(user.watch(producer.streamId, { onProducer }));
  await producer.write("one ");
  await until(() => states.includes("stalled"));
  await producer.write("two");
  await until(() => states.at(-1) === "writing");
  await producer.end();
  await read.ended;
  assert.equal(read.kept, "one two");
});

test("a stream that does not exist is an error of that stream alone", async () => {
  const user = client();
  await assert.rejects(reader(user.watch("unknown")).ended, { code: "UNKNOWN_STREAM" });
  assert.equal(await all(user.stream("goes on")), "goes on");
});

for (const kept of [false, true])
  test(`a saved live stream is read again, ${kept ? "after what was kept" : "from its beginning"}`, async () => {
    const { user, next } = await follower();
    const producer = await Producer.create(user.sessionId);
    await producer.write("# Title\n\nSome *text* 😀\n\nand **bo");
    const { stream, read } = await next();
    await read.until(() => (read.kept + read.close).includes("bo</strong>"));
    const saved = JSON.parse(JSON.stringify(save(user)));
    await user.close();
    const [again] = recover(client(), saved, { kept });
    assert.deepEqual([again.streamId, again.htmlMode, again.state], [stream.streamId, "incremental", "waiting"]);
    const continued = reader(again);
    if (kept) continued.kept = read.kept.slice(0, saved.streams[0].request.settled);
    await continued.until(() => (continued.kept + continued.close).includes("bo</strong>"));
    assert.ok(continued.kept.startsWith("<h1>Title</h1>"));
    await producer.write("ld** end");
    await producer.end();
    await continued.ended;
    const whole = reader(client({ sessionId: user.sessionId }).watch(producer.streamId, { htmlMode: "incremental" }));
    await whole.ended;
    assert.equal(continued.kept, whole.kept);
  });

test("a duplicate of a tab reads a live stream too, and leaves what was requested to its original", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const page = await Page.open(tab, { locks, options: { pool: parallel(2) } });
  const producer = await Producer.create(page.client.sessionId, "text");
  const requested = page.client.stream("requested ".repeat(30));
  const original = reader(page.client.watch(producer.streamId));
  await producer.write("one ");
  await original.until(() => original.kept === "one ");
  const { streams } = await Page.open(tab.duplicate(), { locks });
  assert.deepEqual(streams.map(({ streamId }) => streamId), [producer.streamId]);
  const duplicate = reader(streams[0]);
  await producer.write("two");
  await producer.end();
  await Promise.all([original.ended, duplicate.ended]);
  assert.deepEqual([original.kept, duplicate.kept], ["one two", "one two"]);
  requested.skip();
  assert.equal(await all(requested), "requested ".repeat(30));
});

test("a paused live stream holds up no other on a further connection, and begins once", async () => {
  const { user, next } = await follower({ pool: parallel(2) });
  const producer = await Producer.create(user.sessionId, "text");
  const { stream, read } = await next();
  await producer.write("one ");
  await read.until(() => read.kept === "one ");
  stream.pause();
  assert.equal(await all(user.stream("requested")), "requested");
  stream.resume();
  await producer.write("two");
  await producer.end();
  await read.ended;
  assert.equal(read.kept, "one two");
  await user.ping();
  assert.deepEqual(user.streams, []);
});

test("with a listener for live streams they are read as with onLive", async () => {
  const user = client();
  const begun = new Promise((resolve) => user.on("live", resolve));
  const states = [];
  await user.connect();
  const producer = await Producer.create(user.sessionId, "text");
  const stream = await begun;
  stream.on("producer", (state) => states.push(state));
  const read = reader(stream);
  await producer.write("all");
  await producer.end();
  await read.ended;
  assert.deepEqual([read.kept, states], ["all", []]);
});
