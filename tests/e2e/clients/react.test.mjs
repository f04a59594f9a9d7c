// The adapter for React, 18 and 19, with and without StrictMode, and rendered on a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { place } from "./page.mjs";
import { createElement, StrictMode, useEffect, version } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { flushSync } from "react-dom";
import { renderToString } from "react-dom/server";
import { useStream } from "../../../clients/js/dist/streaming-content-react.js";
import { testAdapter } from "./adapters.mjs";
import { client, signal } from "./service.mjs";

const complaints = [];
console.error = (...complaint) => complaints.push(complaint.join(" "));

function Streamed({ client, source, options, shown, onRender }) {
  const stream = useStream(client, source, options);
  useEffect(() => onRender?.(stream));
  return createElement("section", null, stream.state, shown && createElement("article", { ref: stream.ref }));
}

const mounter = (Mode) => (properties, changed) => {
  const element = place();
  const root = createRoot(element);
  let stream;
  const onRender = (rendered) => changed((stream = rendered));
  const set = (changes) => {
    Object.assign(properties, changes);
    flushSync(() => root.render(createElement(Mode, null, createElement(Streamed, { ...properties, onRender }))));
  };
  set({});
  return { element, set, stream: () => stream, unmount: () => root.unmount() };
};

const Plain = ({ children }) => children;
testAdapter(`React ${version}`, mounter(Plain));
testAdapter(`React ${version} in StrictMode`, mounter(StrictMode));

test("a server renders it without a request, and the page continues", async () => {
  const user = client();
  const { changed, until } = signal();
  let stream;
  const onRender = (rendered) => changed((stream = rendered));
  const properties = { client: user, source: "Hello", options: { render: (element) => appending(element) }, shown: true };
  const element = place();
  element.innerHTML = renderToString(createElement(Streamed, properties));
  assert.equal(element.textContent, "idle");
  assert.equal(user.state, "idle");
  const root = hydrateRoot(element, createElement(StrictMode, null, createElement(Streamed, { ...properties, onRender })));
  await until(() => stream?.state === "complete");
  assert.equal(element.querySelector("article").textContent, "Hello");
  root.unmount();
});

function appending(element) {
  return { append: ({ data }) => element.append(data), stop() {} };
}

test("an editor that is created later is the target", async () => {
  const { changed, until } = signal();
  let stream;
  const onRender = (rendered) => changed((stream = rendered));
  const shown = [];
  const render = (editor, mode) => ({ append: ({ data }) => editor.push([mode, data]), stop: () => editor.push("stopped") });
  const element = (target) =>
    createElement(StrictMode, null, createElement(Streamed, { client: user, source: "Hello", options: { render, target }, onRender }));
  const user = client();
  const root = createRoot(place());
  root.render(element(null));
  await until(() => stream?.completion);
  root.render(element(shown));
  await until(() => shown.length);
  assert.deepEqual(shown[0], ["text", "Hello"]);
  root.unmount();
});

test("React has no complaint", () => assert.deepEqual(complaints, []));
