// Streams over several connections: the network is cut, and no chunk is lost or repeated.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Network, all, client, service, signal, words } from "./service.mjs";

test("a stream with fifty lost connections has every chunk once and is charged once", async () => {
  const network = await Network.open();
  const user = client({}, network.url);
  const content = words(2000); // some arrive while the client is late, and are read after a cut too
  let text = "";
  let onConnection = 0;
  let breaks = 0;
  const stream = user.stream(content, {
    speed: "superfast",
    onChunk: ({ data }) => {
      text += data;
      if (++onConnection < 5) return;
      if (breaks === 50) stream.skip();
      else if (onConnection === 5) network.cut();
    },
    onState: (state) => {
      if (state !== "broken") return;
      breaks += 1;
      onConnection = 0;
    },
  });
  await stream.completed;
  assert.equal(text, content);
  assert.equal(breaks, 50);
  assert.equal(network.connections, 51);
  await user.connect();
  assert.equal(user.session.requestsLeft, 99);
});

test("waiting streams follow in order, wherever the connection is lost", async () => {
  const network = await Network.open();
  let messages = 0;
  // After each number of messages: before stream_start, between two streams, in a pause, with a skip or an ack in transit.
  const user = client({ onMessage: () => ++messages % 13 === 0 && network.cut() }, network.url);
  const contents = ["one ", "two ", "three "].map((word) => words(8, word));
  const streams = contents.map((content) => user.stream(content, { speed: "superfast" }));
  assert.deepEqual(await Promise.all(streams.map(all)), contents);
  assert.ok(network.connections > 2);
  const fresh = client({ sessionId: user.sessionId });
  assert.equal((await fresh.connect()).requestsLeft, 97);
});

test("a request without a received stream_start is repeated and charged once", async () => {
  const network = await Network.open();
  let cut = false;
  const user = client(
    {
      onMessage: (direction, { type }) => {
        if (cut || type !== "stream_request") return;
        cut = network.silent = true; // the request was received; its answer is lost
        setTimeout(() => {
          network.cut();
          network.silent = false;
        }, 100);
      },
    },
    network.url,
  );
  await user.connect();
  assert.equal(await all(user.stream("one two", { speed: "superfast" })), "one two");
  const fresh = client({ sessionId: user.sessionId });
  assert.equal((await fresh.connect()).requestsLeft, 99);
});

test("a paused stream stays paused after recovery, and resumes if that was requested", async () => {
  const network = await Network.open();
  const { changed, until } = signal();
  const user = client({ onState: changed }, network.url);
  const content = words(300);
  let text = "";
  const stream = user.stream(content, {
    onChunk: ({ data }) => ((text += data), changed()),
    onState: changed,
  });
  await until(() => stream.received >= 2);
  stream.pause();
  await until(() => stream.state === "paused");
  network.cut();
  await until(() => stream.state === "broken");
  await until(() => stream.state === "paused");
  network.cut();
  await until(() => stream.state === "broken");
  stream.resume();
  const held = stream.received;
  await until(() => stream.received > held);
  stream.skip();
  await stream.completed;
  assert.equal(text, content);
});

test("a silent dead network is detected", async () => {
  const network = await Network.open();
  const user = client({ silenceMs: 150 }, network.url);
  const content = words(300);
  let text = "";
  let detected = false;
  const stream = user.stream(content, {
    onChunk: ({ data }) => {
      text += data;
      if (detected) stream.skip();
      else if (stream.received >= 3) network.silent = true;
    },
    onState: (state) => {
      if (state !== "broken" || !network.silent) return;
      network.silent = false;
      detected = true;
    },
  });
  await stream.completed;
  assert.equal(text, content);
  assert.ok(detected);
});

test("a stream that another connection recovered fails, and the client does not reconnect for it", async () => {
  const { changed, until } = signal();
  const states = [];
  let token;
  const user = client({
    onMessage: (_, message) => (token ??= message.resume_token),
    onState: (state, error) => states.push([state, error?.code]),
  });
  const stream = user.stream(words(300), { onChunk: changed });
  await until(() => stream.received >= 2);
  const socket = new WebSocket(`${service.replace("http", "ws")}/ws/stream/${user.sessionId}`);
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "recover", stream_id: stream.streamId, last_index: 0, token }));
  await assert.rejects(stream.completed, { code: "STREAM_TAKEN_OVER", fatal: true, retryable: false });
  socket.close();
  assert.deepEqual(states.at(-1), ["idle", "STREAM_TAKEN_OVER"]);
});
