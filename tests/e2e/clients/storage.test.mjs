// Streams that a page goes on with after a reload, and only one page at a time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { persist } from "../../../clients/js/dist/streaming-content-storage.js";
import { Locks, Page, Tab } from "./pages.mjs";
import { Network, all, client, signal, words } from "./service.mjs";

const KEY = "streaming-content";
const fast = { speed: "superfast" };

/** A page that has received the beginning of a stream. */
async function begun(tab, options, content = words(20)) {
  const network = await Network.open();
  const page = await Page.open(tab, options, network.url);
  const { changed, until } = signal();
  const stream = page.client.stream(content, { ...fast, requestId: "answer", onChunk: changed });
  await until(() => stream.received >= 3);
  return { page, stream, unload: () => (page.leave(), network.close()) };
}

for (const [what, makeLocks] of [["with", () => new Locks()], ["without", () => undefined]]) {
  test(`after a reload the page goes on, ${what} locks`, async () => {
    const [tab, locks] = [new Tab(), makeLocks()];
    const { unload } = await begun(tab, { locks });
    unload();
    const { streams, client: user } = await Page.open(tab, { locks });
    assert.deepEqual(streams.map(({ requestId }) => requestId), ["answer"]);
    assert.equal(await all(streams[0]), words(20));
    assert.ok(!tab.items.has(KEY)); // nothing is left to go on with
    assert.deepEqual(user.streams, []);
  });

  test(`a duplicate of the tab leaves the stream to its original, ${what} locks`, async () => {
    const [tab, locks] = [new Tab(), makeLocks()];
    const { page, stream } = await begun(tab, { locks });
    const duplicate = await Page.open(tab.duplicate(), { locks });
    assert.deepEqual(duplicate.streams, []);
    const own = duplicate.client.stream("own", fast);
    assert.equal(await all(own), "own");
    assert.equal((await stream.completed).totalChunks, 20);
    page.leave();
  });

  test(`a page that is shown again goes on, and its tab is its own, ${what} locks`, async () => {
    const [tab, locks] = [new Tab(), makeLocks()];
    const { page, stream } = await begun(tab, { locks });
    page.leave();
    assert.ok(tab.items.has(KEY));
    page.return();
    const duplicate = await Page.open(tab.duplicate(), { locks });
    assert.deepEqual(duplicate.streams, []);
    assert.equal((await stream.completed).totalChunks, 20);
    assert.ok(!tab.items.has(KEY));
  });
}

test("of a page that crashed there is the last state", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  await begun(tab, { locks });
  const { streams } = await Page.open(tab, { locks: new Locks() }); // its locks have ended with it
  assert.equal(await all(streams[0]), words(20));
});

test("two copies of a tab whose page is gone: one of them goes on", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const { unload } = await begun(tab, { locks });
  unload();
  const pages = [await Page.open(tab.duplicate(), { locks }), await Page.open(tab.duplicate(), { locks })];
  assert.deepEqual(pages.map(({ streams }) => streams.length), [1, 0]);
  assert.equal(await all(pages[0].streams[0]), words(20));
});

test("reloads one after the other, each in mid-stream", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  let { unload } = await begun(tab, { locks });
  for (let round = 0; round < 3; round++) {
    unload();
    const network = await Network.open();
    const page = await Page.open(tab, { locks }, network.url);
    const { changed, until } = signal();
    page.streams[0].on("chunk", changed);
    await until(() => page.streams[0].received >= 3);
    unload = () => (page.leave(), network.close());
  }
  unload();
  const { streams } = await Page.open(tab, { locks });
  assert.equal(await all(streams[0]), words(20));
});

test("what the page has kept is not sent again if it asks so", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const { stream, unload } = await begun(tab, { locks });
  unload();
  const kept = words(stream.received);
  const { streams } = await Page.open(tab, { locks, kept: true });
  assert.equal(kept + (await all(streams[0])), words(20));
});

test("called twice, as in React's StrictMode, it returns the same streams", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const { unload } = await begun(tab, { locks });
  unload();
  const page = await Page.open(tab, { locks });
  assert.equal(page.again(), page.opened);
  assert.equal(await all(page.streams[0]), words(20));
});

test("a stream that was requested under the same label is not requested twice", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const { unload } = await begun(tab, { locks });
  unload();
  let early;
  const begin = ({ client: user }) => (early = user.stream("early", { ...fast, requestId: "answer" }));
  const { streams } = await Page.open(tab, { locks, begin });
  assert.deepEqual(streams, []);
  assert.equal(await all(early), "early");
});

test("clients with different keys, and a storage that was chosen", async () => {
  const [tab, locks, other] = [new Tab(), new Locks(), new Tab()];
  const { unload } = await begun(tab, { locks, key: "mine", storage: other });
  unload();
  assert.deepEqual([[...tab.items.keys()], [...other.items.keys()]], [[], ["mine"]]);
  assert.deepEqual((await Page.open(tab, { locks, storage: other })).streams, []);
  const { streams } = await Page.open(tab, { locks, key: "mine", storage: other });
  assert.equal(await all(streams[0]), words(20));
});

test("the signal stops it and removes what is kept", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const controller = new AbortController();
  const { page, stream } = await begun(tab, { locks, signal: controller.signal });
  assert.ok(tab.items.has(KEY));
  controller.abort();
  page.leave();
  assert.ok(!tab.items.has(KEY));
  assert.equal((await stream.completed).totalChunks, 20);
});

test("a signal before it has begun leaves the streams to the next call", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const { unload } = await begun(tab, { locks });
  unload();
  const early = new AbortController();
  const first = await Page.open(tab, { locks, signal: early.signal, begin: () => early.abort() });
  assert.deepEqual([first.streams, first.client.streams], [[], []]);
  const { streams } = await Page.open(tab, { locks });
  assert.equal(await all(streams[0]), words(20));
});

test("a signal that has ended already is no call", async () => {
  const user = client();
  const options = { storage: new Tab(), signal: AbortSignal.abort() };
  assert.deepEqual(await persist(user, options), []);
  await persist(user, { ...options, signal: undefined });
  const stream = user.stream(words(20), fast);
  await user.connect();
  assert.equal((await stream.completed).totalChunks, 20);
  assert.notEqual(persist(user), persist(client(), options));
});

test("a storage that the browser refuses is as none", async () => {
  const user = client();
  const before = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");
  const refused = () => {
    throw new Error("SecurityError");
  };
  Object.defineProperty(globalThis, "sessionStorage", { get: refused, configurable: true });
  try {
    assert.deepEqual(await persist(user), []);
  } finally {
    delete globalThis.sessionStorage;
    if (before) Object.defineProperty(globalThis, "sessionStorage", before);
  }
});

test("a storage that is full, forbidden or has something else is no reason to fail", async () => {
  const full = new Tab();
  full.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  const { stream } = await begun(full, { locks: new Locks() });
  assert.equal((await stream.completed).totalChunks, 20);
  const [small, locks] = [new Tab(), new Locks()];
  small.setItem = (key, text) => {
    if (text.length > 5_000) throw new Error("QuotaExceededError");
    small.items.set(key, text);
  };
  const { page, unload } = await begun(small, { locks });
  page.client.stream("x".repeat(10_000));
  unload();
  const { streams } = await Page.open(small, { locks });
  assert.deepEqual(streams.map(({ requestId }) => requestId), ["answer"]);
  assert.equal(await all(streams[0]), words(20));
  for (const text of ["", "{", "null", "7", '{"lock":"x"}', '{"lock":"x","saved":{"version":2}}', '{"lock":"x","saved":{"version":1}}', '{"lock":"x","saved":{"version":1,"streams":[{}]}}', '{"saved":{"version":1,"sessionId":"s","streams":[{"request":{"request_id":"x"}}]}}']) {
    const tab = new Tab();
    tab.items.set(KEY, text);
    const page = await Page.open(tab, { locks: new Locks() });
    assert.deepEqual(page.streams, []);
    assert.equal(await all(page.client.stream("goes on", fast)), "goes on");
  }
});

test("without a storage, as on a server, it does nothing", async () => {
  const user = client();
  const { sessionStorage: storage } = globalThis;
  delete globalThis.sessionStorage;
  try {
    assert.deepEqual(await persist(user), []);
  } finally {
    if (storage) globalThis.sessionStorage = storage;
  }
  assert.equal(await all(user.stream("x")), "x");
});

test("the token of the user is not kept, those of the streams are", async () => {
  const [tab, locks] = [new Tab(), new Locks()];
  const { stream } = await begun(tab, { locks, options: { getToken: () => "the-token-of-the-user" } });
  const text = [...tab.items.values()].join();
  assert.ok(text.includes(stream.streamId) && !text.includes("the-token-of-the-user"));
});
