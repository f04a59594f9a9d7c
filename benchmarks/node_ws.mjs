// A peer: the least server for paced chunks with the package ws of node, one ticker, and messages that lack only the
// timestamp. The package is that of the tests.

import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(new URL("../tests/e2e/node/", import.meta.url))("ws");

const TICK_MS = 5;
const GAP_MS = { slow: 300, normal: 100, fast: 50, superfast: 30 };

const plans = new Map();
const slots = new Map();
const began = performance.now();
let turn = 0;

function heads(content) {
  let plan = plans.get(content);
  if (plan === undefined) {
    const messages = content
      .split(" ")
      .filter(Boolean)
      .map((word, index) => JSON.stringify({ type: "chunk", data: `${word} `, index, timestamp: "" }).slice(0, -2));
    plans.set(content, (plan = messages));
  }
  return plan;
}

function add(stream, ticks) {
  const slot = slots.get(turn + ticks);
  if (slot === undefined) slots.set(turn + ticks, [stream]);
  else slot.push(stream);
}

function tick() {
  const tail = `${new Date().toISOString()}"}`;
  const due = slots.get(turn) ?? [];
  slots.delete(turn);
  for (const stream of due) {
    stream.socket.send(stream.heads[stream.index] + tail);
    stream.index += 1;
    if (stream.index < stream.heads.length && stream.socket.readyState === 1) add(stream, stream.gapTicks);
  }
  turn += 1;
  const wait = began + turn * TICK_MS - performance.now();
  if (wait > 0.5) setTimeout(tick, wait);
  else setImmediate(tick);
}

const { HOST: host, PORT: port } = process.env;
const server = new WebSocketServer({ host, port: Number(port), perMessageDeflate: false, backlog: 2048 });
server.on("connection", (socket) => {
  socket.on("error", () => undefined);
  socket.on("message", (data) => {
    const { content, speed } = JSON.parse(data);
    add({ socket, heads: heads(content), index: 0, gapTicks: GAP_MS[speed] / TICK_MS }, 1);
  });
  socket.send('{"type":"connected"}');
});
tick();
