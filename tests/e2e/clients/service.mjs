// Clients of the service that the test runs against.

import { createServer, connect } from "node:net";
import { once } from "node:events";
import { after } from "node:test";
import { StreamingClient } from "../../../clients/js/dist/streaming-content-client.js";

export const service = process.env.SERVICE; // http://host:port

/** A client that is closed after the tests of the file. */
export function client(options = {}, url = service) {
  const made = new StreamingClient(url, { backOff: { firstMs: 10, maxMs: 200 }, ...options });
  after(() => made.close());
  return made;
}

export const words = (count, word = "word") => Array.from({ length: count }, (_, index) => `${word}${index} `).join("");

const LIMIT_MS = 60_000; // of a wait that would have no end; less than that of a test

/** `until` resolves when the condition holds, which each call of `changed` checks at once: no state is missed. */
export function signal() {
  const waiting = new Set();
  return {
    changed: () => waiting.forEach((check) => check()),
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!condition()) return;
          clearTimeout(limit);
          waiting.delete(check);
          resolve();
        };
        const limit = setTimeout(() => reject(new Error(`not within ${LIMIT_MS} ms: ${condition}`)), LIMIT_MS);
        waiting.add(check);
        check();
      }),
  };
}

/** The joined chunks of a stream. */
export async function all(stream) {
  let text = "";
  for await (const { data } of stream) text += data;
  return text;
}

/** A network that can be cut, between the client and the service. */
export class Network {
  #pairs = new Set();
  #server = createServer((near) => {
    if (this.#pairs.size >= this.most) return near.resetAndDestroy();
    const { hostname, port } = new URL(service);
    const far = connect(Number(port), hostname);
    const pair = [near, far];
    this.#pairs.add(pair);
    this.connections++;
    for (const [one, other] of [pair, [...pair].reverse()]) {
      one.on("data", (data) => {
        if (!this.silent || one === near) other.write(data);
      });
      one.on("error", () => {});
      one.on("close", () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  });
  /** How many may be open at a time. */
  most = Infinity;
  /** The number of connections so far. */
  connections = 0;
  /** Whether messages to the client are dropped silently. */
  silent = false;

  static async open() {
    const network = new Network();
    network.#server.listen(0, "127.0.0.1");
    await once(network.#server, "listening");
    network.url = `http://127.0.0.1:${network.#server.address().port}`;
    after(() => {
      network.cut();
      network.#server.close();
    });
    return network;
  }

  /** Cut, and for good. */
  close() {
    this.#server.close();
    this.cut();
  }

  /** Ends every connection without a close frame. */
  cut() {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }
}
