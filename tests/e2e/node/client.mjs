// A client program on node's ws: each line of standard input is sent, each message printed as a line.

import { createInterface } from "node:readline";
import WebSocket from "ws";

const socket = new WebSocket(process.argv[2]);
socket.on("open", () => {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => socket.send(line));
  lines.on("close", () => socket.close());
});
socket.on("message", (message) => console.log(message.toString()));
