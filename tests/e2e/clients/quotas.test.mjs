// A quota of the user, which is no limit of the session.

import assert from "node:assert/strict";
import { test } from "node:test";
import { all } from "./service.mjs";
import { token, user } from "./users.mjs";

test("a quota that is used up fails the request only, and names when to repeat it", async () => {
  const { client } = user([token()]);
  assert.equal(await all(client.stream("one")), "one");
  const error = await client.stream("two").completed.catch((reason) => reason);
  assert.deepEqual([error.code, error.scope, error.fatal, error.retryable], ["RATE_LIMIT_EXCEEDED", "requests", false, true]);
  assert.ok(error.retryAfterMs > 0);
  assert.equal(client.session.requestsLeft, 99);
  assert.equal(client.state, "open");
});
