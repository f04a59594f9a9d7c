// Streams a Markdown file and prints the HTML as it arrives: node examples/node.mjs README.md
// Needs node 22 or newer, which has a global WebSocket.

import { readFile } from "node:fs/promises";
import { StreamingClient } from "../clients/js/dist/streaming-content-client.js";

const content = await readFile(process.argv[2] ?? "README.md", "utf8");
const client = new StreamingClient(process.env.SERVICE ?? "http://127.0.0.1:8000");
const stream = client.stream(content, { contentType: "markdown", speed: "superfast" });

for await (const { data } of stream) process.stdout.write(data);

const { totalChunks, durationMs } = await stream.completed;
console.error(`${totalChunks} chunks in ${durationMs} ms, trace ${stream.traceId}`);
await client.close();
