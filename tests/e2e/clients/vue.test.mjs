// The adapter for Vue 3, also rendered on a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { place } from "./page.mjs";
import { createApp, createSSRApp, nextTick, onUpdated, proxyRefs, shallowReactive, shallowRef, version, watch } from "vue";
import { renderToString } from "vue/server-renderer";
import { useStream } from "../../../clients/js/dist/streaming-content-vue.js";
import { testAdapter } from "./adapters.mjs";
import { client, signal } from "./service.mjs";

const complaints = [];
console.warn = console.error = (...complaint) => complaints.push(complaint.join(" "));

/** A component that shows the stream, and passes it on as its template has it. */
const streamed = (properties, created, changed) => ({
  template: `<section>{{ state }}<article v-if="properties.shown" ref="target" /></section>`,
  setup() {
    const stream = useStream(() => properties.client, () => properties.source, properties.options);
    const { state, target } = stream;
    created(proxyRefs(stream));
    watch([stream.state, stream.received, stream.completion, stream.error], changed, { flush: "post" });
    onUpdated(changed);
    return { properties, state, target };
  },
});

testAdapter(`Vue ${version}`, (given, changed) => {
  const element = place();
  const properties = shallowReactive(given);
  let stream;
  const app = createApp(streamed(properties, (created) => (stream = created), changed));
  app.mount(element);
  const set = (changes) => Object.assign(properties, changes);
  return { element, set, stream: () => stream, unmount: () => app.unmount() };
});

test("a server renders it without a request, and the page continues", async () => {
  const user = client();
  const { changed, until } = signal();
  let stream;
  const render = (element) => ({ append: ({ data }) => element.append(data), stop() {} });
  const properties = { client: user, source: "Hello", options: { render }, shown: true };
  const component = streamed(properties, (created) => (stream = created), changed);
  const element = place();
  element.innerHTML = await renderToString(createSSRApp(component));
  assert.equal(element.textContent, "idle");
  assert.equal(user.state, "idle");
  const app = createSSRApp(component);
  app.mount(element);
  await until(() => stream.state === "complete");
  assert.equal(element.querySelector("article").textContent, "Hello");
  app.unmount();
});

test("an editor that is created later is the target", async () => {
  const { changed, until } = signal();
  const render = (editor) => ({ append: ({ data }) => editor.push(data), stop() {} });
  const target = shallowRef();
  let stream;
  const properties = { client: client(), source: "Hello", options: { render, target } };
  const app = createApp(streamed(properties, (created) => (stream = created), changed));
  app.mount(place());
  await until(() => stream.completion);
  target.value = [];
  await nextTick();
  assert.deepEqual(target.value, ["Hello"]);
  app.unmount();
});

test("Vue has no complaint", () => assert.deepEqual(complaints, []));
