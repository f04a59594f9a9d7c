import type { StreamingClient } from "./client.js";
import { isSessionId } from "./ids.js";
import type { LiveStream } from "./live.js";
import type { StreamRequest, Watch } from "./protocol.js";
import type { Stream } from "./stream.js";
import type { StreamStart } from "./stream-options.js";

/** What another client needs to go on with a stream. */
export interface SavedStream {
  sessionId: string;
  /** The request, with its content only until the stream has started; of a live stream its `watch`. */
  request: (Omit<StreamRequest, "content"> & { content?: string }) | Watch;
  start?: StreamStart | undefined;
  /** The secret that gives access to the stream for some minutes; it is not the token of the user. */
  token?: string | undefined;
  paused: boolean;
  /** How many chunks were received. */
  received: number;
}

/** The unfinished streams of a client, as JSON. The tokens in it give access to them: keep it like a password. */
export interface Saved {
  version: 1;
  sessionId: string;
  streams: SavedStream[];
}

export interface RecoverOptions {
  /**
   * Whether what was received before `save` is kept, so that only the rest is sent: of a live stream what is before its
   * `settled`. By default each stream begins again with its first chunk.
   */
  kept?: boolean;
}

/**
 * All that another client needs to go on with the unfinished streams: after a reload, in another tab, on another device.
 * The token of the user is not in it.
 */
export function save(client: StreamingClient): Saved {
  const streams = client.streams.filter(({ wanted }) => !wanted.cancel && !wanted.leave).map(saved);
  return { version: 1, sessionId: client.sessionId, streams };
}

function saved(stream: Stream): SavedStream {
  const { sessionId, request, start, token, firstToken, received, wanted } = stream;
  const common = { sessionId, paused: wanted.paused, received };
  if (request.type === "watch") return { ...common, request: { ...request, settled: (stream as LiveStream).settled } };
  if (!start) return { ...common, request, token: firstToken };
  const { content: _, ...reading } = request;
  return { ...common, request: reading, start, token };
}

/**
 * Goes on with what `save` returned, in its order, as a client does after a lost connection. A client that still has the
 * streams loses them: they fail with `STREAM_TAKEN_OVER`. A client that was given no session id and has not connected
 * takes over the saved one. Throws a `TypeError` if a stream goes on already, or if it is not what `save` returns.
 */
export function recover(client: StreamingClient, saved: Saved, { kept = false }: RecoverOptions = {}): Stream[] {
  if (!isSaved(saved)) throw new TypeError("This is not what save() returns.");
  const pending = client.streams.map(({ requestId }) => requestId);
  if (saved.streams.some(({ request }) => pending.includes(request.request_id!)))
    throw new TypeError("The client has one of these streams already.");
  client.adopt(saved.sessionId);
  return saved.streams.map(({ sessionId, request, start, token, paused, received }) =>
    client.revive(request.type === "watch" ? request : { content: "", ...request }, sessionId, (stream) => {
      stream.wanted.paused = paused;
      if (request.type === "watch") {
        (stream as LiveStream).settled = kept ? (request.settled ?? 0) : 0;
        return;
      }
      stream.asked = token !== undefined;
      stream.token = stream.firstToken = token;
      if (!start) return;
      stream.start = start;
      stream.enter("broken");
      if (kept) stream.received = received;
    }),
  );
}

/** Whether it has the form of what `save` returns; it may come from anywhere. */
export function isSaved(value: unknown): value is Saved {
  const { version, sessionId, streams } = Object(value) as Partial<Saved>;
  if (version !== 1 || !isSessionId(sessionId) || !Array.isArray(streams) || !streams.every(isSavedStream)) return false;
  return new Set(streams.map(({ request }) => request.request_id)).size === streams.length;
}

function isSavedStream(value: unknown): value is SavedStream {
  const { sessionId, request, start, token = "", received } = Object(value) as Record<string, unknown>;
  const { type, request_id, stream_id, settled = 0, content } = Object(request) as Record<string, unknown>;
  const counts = [received, settled].every((count) => Number.isInteger(count) && (count as number) >= 0);
  if (!isSessionId(sessionId) || typeof request_id !== "string" || typeof token !== "string" || !counts) return false;
  if (type === "watch") return typeof stream_id === "string";
  return type === "stream_request" && typeof (start ? (start as Partial<StreamStart>).streamId : content) === "string";
}
