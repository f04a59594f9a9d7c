// A producer of live streams, as a back end writes one.

import { service } from "./service.mjs";

export const publishToken = process.env.PUBLISH_TOKEN;

async function post(path, body) {
  const response = await fetch(`${service}/v1/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${publishToken}`, "content-type": "application/json" },
    body,
  });
  return { status: response.status, ...(await response.json()) };
}

/** A live stream in the session. */
export class Producer {
  offset = 0;

  static async create(sessionId, contentType = "markdown") {
    const producer = new Producer();
    const body = JSON.stringify({ content_type: contentType });
    const { stream_id, epoch } = await post(`sessions/${sessionId}/streams`, body);
    return Object.assign(producer, { streamId: stream_id, epoch });
  }

  async write(text) {
    const result = await post(`streams/${this.streamId}/append?epoch=${this.epoch}&offset=${this.offset}`, text);
    if (result.status === 200) this.offset += Buffer.byteLength(text);
    return result;
  }

  async end(status = "complete") {
    const body = JSON.stringify({ status, offset: this.offset });
    return post(`streams/${this.streamId}/close?epoch=${this.epoch}`, body);
  }
}
