// The adapter for Svelte 5, in components with runes and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { place } from "./page.mjs";
import { flushSync, mount, unmount } from "svelte";
import { writable } from "svelte/store";
import { VERSION } from "svelte/compiler";
import { testAdapter } from "./adapters.mjs";
import Component from "./Component.svelte";
import Streamed from "./Streamed.svelte";
import StreamedAsBefore from "./StreamedAsBefore.svelte";

const complaints = [];
console.warn = console.error = (...complaint) => complaints.push(complaint.join(" "));

const mounter = (component) => (given, changed) => {
  const element = place();
  let stream;
  const onRender = (rendered) => changed((stream = rendered));
  const properties = writable({ ...given, onRender });
  const mounted = mount(Component, { target: element, props: { component, properties } });
  flushSync(); // its effects
  const set = (changes) => properties.update((before) => ({ ...before, ...changes }));
  return { element, set, stream: () => stream, unmount: () => unmount(mounted) };
};

testAdapter(`Svelte ${VERSION} with runes`, mounter(Streamed));
testAdapter(`Svelte ${VERSION} without runes`, mounter(StreamedAsBefore));

test("Svelte has no complaint", () => assert.deepEqual(complaints, []));
