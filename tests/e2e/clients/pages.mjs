// Pages of one origin, as far as a client notices: a storage for each tab, locks, and the events of being left and shown.

import { after } from "node:test";
import { persist } from "../../../clients/js/dist/streaming-content-storage.js";
import { client } from "./service.mjs";

/** Web Locks, as far as one lock at a time is requested in turn. */
export class Locks {
  #queues = new Map();

  request(name, { signal }, callback) {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const entry = async () => {
        resolve(await callback());
        queue.shift();
        queue[0]?.();
      };
      signal.addEventListener("abort", () => {
        if (queue.indexOf(entry) > 0) queue.splice(queue.indexOf(entry), 1);
        reject(signal.reason);
      });
      if (queue.push(entry) === 1) entry();
    });
  }
}

export class Tab {
  items = new Map();
  getItem = (key) => this.items.get(key) ?? null;
  setItem = (key, value) => void this.items.set(key, value);
  removeItem = (key) => void this.items.delete(key);

  duplicate() {
    return Object.assign(new Tab(), { items: new Map(this.items) });
  }
}

/** A page in the tab, with its client; what it went on with is in `streams`. */
export class Page {
  static async open(tab, { locks, options, begin, ...persisted } = {}, url) {
    const page = new Page();
    page.events = new EventTarget();
    page.document = new EventTarget();
    page.client = client(options, url);
    const globals = {
      sessionStorage: tab,
      navigator: { locks },
      document: page.document,
      addEventListener: page.events.addEventListener.bind(page.events),
      removeEventListener: page.events.removeEventListener.bind(page.events),
    };
    const before = Object.fromEntries(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
    for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true });
    const opened = persist(page.client, persisted);
    page.again = () => persist(page.client, persisted);
    page.opened = opened;
    begin?.(page);
    try {
      page.streams = await opened;
    } finally {
      for (const [name, descriptor] of Object.entries(before))
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else delete globalThis[name];
    }
    after(() => page.leave());
    return page;
  }

  #dispatch(type, persisted) {
    this.events.dispatchEvent(Object.assign(new Event(type), { persisted }));
  }

  /** It is left for another page, or kept for the way back. */
  leave() {
    this.#dispatch("pagehide", false);
  }

  return() {
    this.#dispatch("pageshow", true);
  }
}
