// A socket, a page and a service over HTTP that a test plays.

import { afterEach } from "node:test";

/** Sockets controlled by the test. */
export class FakeSocket {
  static all = [];
  readyState = 0;
  sent = [];

  constructor(url, protocols) {
    Object.assign(this, { url, protocols });
    FakeSocket.all.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  opens({ resume_token = "token", limits = {} } = {}) {
    this.readyState = 1;
    this.onopen?.({});
    const session = { session_id: "s", limits, requests_left: 9, session_expires_at: 0 };
    this.receives({ type: "connected", ...session, resume_token });
  }
  receives(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  /** The service begins a stream: of the last request, or of this one. */
  starts(request_id = this.sent.findLast(({ type }) => type === "stream_request").request_id) {
    this.receives({ type: "stream_start", request_id, stream_id: "id", trace_id: "t", resumable: true });
  }
  breaks(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
  on(event, listener) {
    this[event] = listener;
  }
  static get last() {
    return FakeSocket.all.at(-1);
  }
}

afterEach(() => {
  FakeSocket.all = [];
});

/** A page in place of node, until the test ends: its listeners by type, and whether it is hidden. */
export class FakePage {
  listeners = [];
  hidden = false;

  constructor(test, { href = "https://page.example/editor" } = {}) {
    this.defaultView = {
      addEventListener: (type, listener) => this.listeners.push({ type, listener }),
      removeEventListener: (type, listener) => {
        this.listeners = this.listeners.filter((one) => one.type !== type || one.listener !== listener);
      },
    };
    for (const [name, value] of Object.entries({ document: this, location: new URL(href) })) {
      Object.defineProperty(globalThis, name, { value, configurable: true });
      test.after(() => delete globalThis[name]);
    }
  }

  fire(type, fields = {}) {
    for (const one of this.listeners.filter((one) => one.type === type)) one.listener({ type, ...fields });
  }
}
