// What the adapters of all frameworks have in common, against the real service.

import assert from "node:assert/strict";
import { test } from "node:test";
import { domRenderer } from "../../../clients/js/dist/streaming-content-client.js";
import { recover, save } from "../../../clients/js/dist/streaming-content-storage.js";
import { client as open, Network, signal, words } from "./service.mjs";
import { Producer } from "./producer.mjs";

const MARKDOWN = `# Title\n\n${words(30)}\n\n- one\n- **two**\n`;
const HTML = `<h1>Title</h1><p>${words(30).trim()}</p><ul><li>one</li><li><strong>two</strong></li></ul>`;
const live = { htmlMode: "incremental", render: domRenderer };
const markdown = { speed: "superfast", contentType: "markdown", htmlMode: "incremental", render: domRenderer };

/** A client, with the messages that it sends. */
function listening(options, url) {
  const { changed, until } = signal();
  const sent = [];
  const onMessage = (direction, message) => {
    if (direction === "out") sent.push(message.type === "stream_control" ? message.action : message.type);
    if (message.type === "stream_cancelled" || message.type === "stream_left") sent.push(message.type);
    changed();
  };
  return { client: open({ ...options, onMessage }, url), sent, until };
}

/**
 * Runs the tests of a framework. `mount(properties, changed)` shows a component with the properties `client`, `source`,
 * `options` and `shown`, whether it has an `article` for the content; it calls `changed` after each rendering. It returns
 * `{ element, stream, set(properties), unmount() }`: the root element, what the adapter returned last, and changes.
 */
export function testAdapter(name, mount) {
  const show = (properties) => {
    const { changed, until } = signal();
    const mounted = mount({ shown: true, ...properties }, changed);
    const article = () => mounted.element.querySelector("article");
    return { mounted, until, article, ended: () => until(() => mounted.stream().state === "complete") };
  };

  test(`${name}: content is shown, and a component renders what it needs`, async () => {
    const { client, sent } = listening();
    const { mounted, until, article, ended } = show({ client, source: MARKDOWN, options: markdown });
    await ended();
    await until(() => mounted.stream().completion);
    const { received, start, completion, content, error } = mounted.stream();
    assert.equal(article().innerHTML, HTML);
    assert.equal(content, HTML);
    assert.deepEqual([received, start.contentType, error], [completion.totalChunks, "markdown", undefined]);
    mounted.unmount();
    assert.deepEqual(sent.filter((type) => type === "stream_request").length, 1);
  });

  for (const [contentType, htmlMode, content, html] of [
    ["text", undefined, "<b> & two", "&lt;b&gt; &amp; two"],
    ["html", "fragment", "<p>one <b>two</b></p>", "<p>one <b>two</b></p>"],
  ])
    test(`${name}: ${contentType} is rendered as such`, async () => {
      const { client } = listening();
      const options = { contentType, htmlMode, render: domRenderer };
      const { mounted, article, ended } = show({ client, source: content, options });
      await ended();
      assert.equal(article().innerHTML, html);
      mounted.unmount();
    });

  test(`${name}: unmounting cancels the stream`, async () => {
    const { client, sent, until: heard } = listening();
    const { mounted, until } = show({ client, source: words(5000), options: { speed: "slow" } });
    await until(() => mounted.stream().received > 0);
    mounted.unmount();
    await heard(() => sent.includes("stream_cancelled"));
    assert.equal(sent.filter((type) => type === "stream_request").length, 1);
  });

  test(`${name}: other content replaces the first, also before it has begun`, async () => {
    const { client, sent, until: heard } = listening();
    const { mounted, until, article, ended } = show({ client, source: words(5000), options: { ...markdown, speed: "slow" } });
    await until(() => mounted.stream().received > 0);
    mounted.set({ source: "third" });
    await heard(() => sent.includes("stream_cancelled"));
    await ended();
    assert.equal(article().innerHTML, "<p>third</p>");
    mounted.set({ source: undefined });
    await until(() => mounted.stream().state === "idle");
    mounted.unmount();
  });

  test(`${name}: pause, resume, skip, cancel and once more`, async () => {
    const { client } = listening();
    const source = words(2000);
    const { mounted, until, ended } = show({ client, source, options: { speed: "slow" } });
    await until(() => mounted.stream().received > 0);
    mounted.stream().pause();
    await until(() => mounted.stream().state === "paused");
    mounted.stream().resume();
    await until(() => mounted.stream().state === "streaming");
    mounted.stream().cancel();
    await until(() => mounted.stream().completion?.cancelled);
    mounted.stream().retry();
    await until(() => mounted.stream().state === "streaming" && mounted.stream().received > 0);
    mounted.stream().skip();
    await ended();
    assert.equal(mounted.stream().content, source);
    mounted.unmount();
  });

  test(`${name}: an element that appears later shows what has arrived, and so does another one`, async () => {
    const { client } = listening();
    const properties = { client, source: MARKDOWN, options: { ...markdown, speed: "slow" }, shown: false };
    const { mounted, until, article, ended } = show(properties);
    await until(() => mounted.stream().received > 3);
    mounted.set({ shown: true });
    await until(() => article()?.textContent.includes("word0"));
    const first = article();
    mounted.set({ shown: false });
    await until(() => !article());
    mounted.set({ shown: true });
    await until(() => article());
    mounted.stream().skip();
    await ended();
    assert.equal(article().innerHTML, HTML);
    assert.notEqual(article(), first);
    mounted.unmount();
  });

  test(`${name}: an error is shown, and the next source is not affected`, async () => {
    const { client } = listening();
    const { mounted, until, ended } = show({ client, source: "\ud800" });
    await until(() => mounted.stream().error);
    assert.deepEqual([mounted.stream().state, mounted.stream().error.code], ["failed", "INVALID_MESSAGE"]);
    mounted.set({ source: "next" });
    await ended();
    assert.deepEqual([mounted.stream().error, mounted.stream().content], [undefined, "next"]);
    mounted.unmount();
  });

  test(`${name}: retry connects at once, and requests again what has failed`, async () => {
    const network = await Network.open();
    const { client } = listening({ backOff: { firstMs: 3_600_000, maxMs: 3_600_000 } }, network.url);
    const source = words(300);
    const { mounted, until, ended } = show({ client, source, options: { speed: "slow" } });
    await until(() => mounted.stream().received > 0);
    network.cut();
    await until(() => mounted.stream().state === "broken");
    mounted.stream().retry();
    await until(() => mounted.stream().state === "streaming");
    mounted.stream().skip();
    await ended();
    assert.equal(mounted.stream().content, source);
    mounted.unmount();
  });

  test(`${name}: wrong use is an error of the stream`, async () => {
    const { client } = listening();
    const { mounted, until } = show({ client, source: "x", options: { id: "x".repeat(64) } });
    await until(() => mounted.stream().error);
    assert.deepEqual([mounted.stream().state, mounted.stream().error.name], ["failed", "TypeError"]);
    mounted.unmount();
  });

  test(`${name}: a stream that another client has saved is found by its id, and requested again after its end`, async () => {
    const before = listening();
    const source = words(500);
    const options = { ...live, contentType: "text", speed: "slow", id: "answer" };
    const first = show({ client: before.client, source, options });
    await first.until(() => first.mounted.stream().received > 0);
    const saved = save(before.client);
    await before.client.close();
    first.mounted.unmount();

    const { client, sent } = listening();
    let recovered;
    const after = new Promise((resolve) => (recovered = resolve));
    const { mounted, article, until, ended } = show({ client, source, options: { ...options, after } });
    recover(client, saved);
    recovered();
    await until(() => mounted.stream().received > 0);
    assert.ok(!sent.includes("stream_request"));
    mounted.stream().skip();
    await ended();
    assert.equal(article().textContent, source);
    mounted.stream().retry();
    await until(() => mounted.stream().state === "streaming");
    assert.ok(sent.includes("stream_request"));
    mounted.unmount();
  });

  test(`${name}: a live stream grows, is left, and read again`, async () => {
    const { client, sent, until: heard } = listening();
    const producer = await Producer.create(client.sessionId);
    await producer.write("# Title\n\nSome **bold te");
    const properties = { client, source: { watch: producer.streamId }, options: live };
    const first = show(properties);
    await first.until(() => first.article().innerHTML.includes("<strong>bold te</strong></p>"));
    assert.equal(first.mounted.stream().producer, "writing");
    first.mounted.unmount();
    await heard(() => sent.includes("stream_left"));
    assert.ok(!sent.includes("cancel"));
    const second = show(properties);
    await producer.write("xt**\n");
    await producer.end();
    await second.ended();
    assert.equal(second.article().innerHTML, "<h1>Title</h1><p>Some <strong>bold text</strong></p>");
    second.mounted.unmount();
  });

  test(`${name}: a component that comes back at once begins after the end of the first`, async () => {
    const { client, sent } = listening();
    const source = words(500);
    const content = { client, source, options: { speed: "slow", id: "answer" } };
    const producer = await Producer.create(client.sessionId);
    await producer.write("one ");
    for (const properties of [content, { client, source: { watch: producer.streamId }, options: {} }]) {
      const first = show(properties);
      await first.until(() => first.mounted.stream().state === "streaming");
      first.mounted.unmount();
      const second = show(properties);
      await second.until(() => second.mounted.stream().state === "streaming");
      if (properties === content) second.mounted.stream().skip();
      else await producer.end();
      await second.ended();
      assert.equal(second.mounted.stream().content.trim(), properties === content ? source.trim() : "<p>one</p>");
      second.mounted.unmount();
    }
    assert.deepEqual(sent.filter((type) => type === "stream_request" || type === "watch").length, 4);
  });

  test(`${name}: a live stream of which the beginning was kept, also in an element that appears later`, async () => {
    const { client } = listening();
    const producer = await Producer.create(client.sessionId);
    await producer.write("one\n\ntwo\n\n*three");
    const before = client.watch(producer.streamId, { htmlMode: "incremental" });
    for await (const { settled } of before) if (settled > 0) break;
    const { settled } = before;
    const options = { ...live, settled };
    const { mounted, until, article, ended } = show({ client, source: { watch: producer.streamId }, options, shown: false });
    await until(() => mounted.stream().content.includes("three"));
    await producer.write("* four");
    mounted.set({ shown: true });
    await producer.end();
    await ended();
    const html = "<p>one</p><p>two</p><p><em>three</em> four</p>";
    assert.ok(settled > 0 && settled < html.length);
    assert.equal(mounted.stream().content, html.slice(settled));
    assert.equal(article().innerHTML, html.slice(settled));
    mounted.unmount();
  });

  test(`${name}: a live stream that began in the session`, async () => {
    const { changed, until } = signal();
    let began;
    const onLive = (stream) => changed((began = stream));
    const { client } = listening({ live: { htmlMode: "incremental" }, onLive });
    await client.connect();
    const producer = await Producer.create(client.sessionId);
    await producer.write("*one* two");
    await until(() => began);
    const { mounted, article, ended } = show({ client, source: began, options: { render: domRenderer } });
    await producer.end();
    await ended();
    mounted.stream().retry(); // it can not be requested
    assert.equal(article().innerHTML, "<p><em>one</em> two</p>");
    mounted.unmount();
  });
}
