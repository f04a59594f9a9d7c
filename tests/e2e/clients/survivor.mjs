// Streams one document to its end while the service is killed. Prints a line for each chunk and one for the end.

import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";

const client = new StreamingClient(process.env.SERVICE, { backOff: { firstMs: 20, maxMs: 200, attempts: 200 } });
const stream = client.stream(process.env.CONTENT, {
  contentType: "html",
  htmlMode: "incremental",
  speed: "fast",
  trace: { traceparent: process.env.TRACEPARENT },
});
for await (const chunk of stream) console.log(JSON.stringify(chunk));
await client.connect();
const { totalChunks } = await stream.completed;
console.log(JSON.stringify({ totalChunks, traceId: stream.traceId, requestsLeft: client.session.requestsLeft }));
await client.close();
