// A service that allows one origin, and another one asks.

import assert from "node:assert/strict";
import { test } from "node:test";
import ws from "ws";
import { client, service } from "./service.mjs";

test("the real service refuses a foreign origin: ws has the status, and needs no probe", async () => {
  class Foreign extends ws {
    constructor(url, protocols) {
      super(url, protocols, { origin: "https://foreign.example" });
    }
  }
  const user = client({ WebSocket: Foreign, probe: false });
  await assert.rejects(user.connect(), { code: "CONNECTION_REFUSED", retryable: true });
});

test("pages of every origin may ask whether the service is ready, and no more", async () => {
  const headers = { origin: "https://foreign.example" };
  const [ready, health] = await Promise.all(["ready", "health"].map((path) => fetch(`${service}/${path}`, { method: "HEAD", headers })));
  assert.deepEqual([ready.status, ready.headers.get("access-control-allow-origin")], [200, "*"]);
  assert.equal(health.headers.get("access-control-allow-origin"), null);
});
