// What the package must do in plain node, however it is loaded.

const assert = require("node:assert/strict");
const { exports: entries } = require("streaming-content-client/package.json");

exports.check = async (load, WebSocket) => {
  assert.equal(globalThis.WebSocket, undefined); // as in node 20
  for (const entry of Object.keys(entries).filter((name) => !name.endsWith(".json")))
    assert.notDeepEqual(Object.keys(await load(entry.replace(".", "streaming-content-client"))), []);
  const { StreamingClient } = await load("streaming-content-client");
  const unsupported = new StreamingClient(process.env.SERVICE).stream("Hello");
  await assert.rejects(unsupported.completed, { code: "CONNECTION_IMPOSSIBLE", retryable: false });
  const client = new StreamingClient(process.env.SERVICE, { WebSocket });
  let text = "";
  for await (const { data } of client.stream("Hello, world", { speed: "fast" })) text += data;
  await client.close();
  console.log(text);
};
