// The times that a service states, over real sockets: in the reason of a close frame, and as Retry-After of a refusal.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, mock, test } from "node:test";
import ws, { WebSocketServer } from "ws";
import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";

/** Delays of timers that the client sets; they end at once. */
function recordDelays() {
  const delays = [];
  const original = globalThis.setTimeout;
  mock.method(globalThis, "setTimeout", (callback, delay) => {
    delays.push(delay);
    return original(callback, 0);
  });
  mock.method(Math, "random", () => 0);
  return delays;
}

/** A server for one test; `upgrade` handles each handshake. */
async function serve(upgrade) {
  const server = createServer().on("upgrade", upgrade).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

for (const [name, WebSocket] of [
  ["the global WebSocket", globalThis.WebSocket],
  ["ws", ws],
])
  test(`${name}: the time in the reason of a close frame is followed`, async () => {
    const sockets = new WebSocketServer({ noServer: true });
    let connections = 0;
    const url = await serve((request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (open) => {
        connections++;
        if (connections === 1) open.close(1012, "the server restarts, reconnect soon; retry_after_ms=8250");
        else open.close(1009);
      }),
    );
    const delays = recordDelays();
    const client = new StreamingClient(url, { WebSocket });
    await assert.rejects(client.connect(), { code: "CONNECTION_LOST", retryable: false });
    mock.restoreAll();
    assert.equal(connections, 2);
    assert.ok(delays.includes(8250), `${delays}`);
  });

test("ws: Retry-After of a refused handshake is followed", async () => {
  let attempts = 0;
  const url = await serve((_request, socket) => {
    attempts++;
    socket.end("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 8\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const delays = recordDelays();
  const client = new StreamingClient(url, { WebSocket: ws, backOff: { attempts: 2 } });
  await assert.rejects(client.connect(), { code: "CONNECTION_LOST", retryable: true });
  mock.restoreAll();
  assert.equal(attempts, 3);
  assert.deepEqual(delays.filter((delay) => delay >= 1000), [8000, 8000]);
});
