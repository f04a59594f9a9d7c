// Streams three documents at once to their ends while the service is killed. Prints a line for each chunk and one for
// the end.

import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";
import { parallel } from "../../../clients/js/dist/streaming-content-parallel.js";

const backOff = { firstMs: 20, maxMs: 200, attempts: 200 };
const client = new StreamingClient(process.env.SERVICE, { backOff, pool: parallel(3) });
const options = { contentType: "html", htmlMode: "incremental", speed: "fast" };
const streams = JSON.parse(process.env.CONTENTS).map((content, number) =>
  client.stream(content, { ...options, onChunk: (chunk) => console.log(JSON.stringify({ number, ...chunk })) }),
);
const ends = await Promise.all(streams.map(({ completed }) => completed));
await client.connect();
console.log(JSON.stringify({ totals: ends.map(({ totalChunks }) => totalChunks), requestsLeft: client.session.requestsLeft }));
await client.close();
