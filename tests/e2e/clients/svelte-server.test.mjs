// The adapter for Svelte, rendered on a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "svelte/server";
import { client } from "./service.mjs";
import Streamed from "./Streamed.svelte";

test("a server renders it without a request", async () => {
  const user = client();
  const { body } = render(Streamed, { props: { client: user, source: "Hello", options: {}, shown: true } });
  assert.match(body, /idle\s*<!---->|idle/);
  await new Promise(setImmediate);
  assert.equal(user.state, "idle");
});
