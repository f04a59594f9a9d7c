import type { StreamingClient } from "./client.js";
import { randomId } from "./ids.js";
import { PageLock } from "./page-lock.js";
import { isSaved, recover, save, type RecoverOptions, type Saved } from "./saved.js";
import type { Stream } from "./stream.js";

export { recover, save, type RecoverOptions, type Saved, type SavedStream } from "./saved.js";

export interface PersistOptions extends RecoverOptions {
  /**
   * Where the streams are kept; by default the `sessionStorage`, which ends with the tab. What is kept has the tokens of
   * the streams: pass `localStorage` only if everything on the origin may read them.
   */
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** The name of the item; one for each client of the page. */
  key?: string;
  /** Stops, and removes what is kept; before `persist` has returned, it leaves what is kept to the next call. */
  signal?: AbortSignal;
}

interface Item {
  /** The lock of the page that has these streams. */
  lock: string;
  saved: Saved;
}

const persisting = new WeakMap<StreamingClient, Promise<Stream[]>>();

/**
 * Keeps the unfinished streams of the client for a reload of the page, and goes on with those from before the reload,
 * which it returns. In the duplicate of a tab that still has its streams, only live streams go on, as these can have many
 * readers. Without a storage it does nothing. Call it once: later calls return the same.
 */
export function persist(client: StreamingClient, options: PersistOptions = {}): Promise<Stream[]> {
  if (options.signal?.aborted) return Promise.resolve([]);
  let streams = persisting.get(client);
  if (!streams) {
    persisting.set(client, (streams = begin(client, options)));
    options.signal?.addEventListener("abort", () => persisting.delete(client));
  }
  return streams;
}

async function begin(client: StreamingClient, options: PersistOptions): Promise<Stream[]> {
  const { storage = ofTab(), key = "streaming-content", signal } = options;
  if (!storage) return [];
  const lock = new PageLock();
  const recovered = await goOn(client, lock, read(storage, key), options);
  if (signal?.aborted) {
    lock.release();
    return recovered;
  }

  const write = (): void => {
    if (signal?.aborted) return;
    const saved = save(client);
    const started = saved.streams.filter(({ request }) => !("content" in request));
    storage.removeItem(key);
    for (const streams of [saved.streams, started]) // without the contents of requests, if there is no space for them
      try {
        if (streams.length) storage.setItem(key, JSON.stringify({ lock: lock.name, saved: { ...saved, streams } } satisfies Item));
        return;
      } catch {}
  };
  // Without locks a copy of the tab looks like the next page: nothing is kept while the page is shown.
  const update = (): void => (lock.supported ? write() : storage.removeItem(key));
  const follow = (stream: Stream): void => {
    for (const name of ["start", "end", "error"] as const) stream.on(name, update);
    update();
  };
  const page = {
    pagehide: (): void => {
      write();
      lock.release(); // with a lock the page would not be kept for the way back
    },
    pageshow: ({ persisted }: PageTransitionEvent): void => {
      if (persisted) void lock.take(lock.name);
      update();
    },
  };
  const stops = [client.on("stream", follow), listen(globalThis, page), listen(globalThis.document, { visibilitychange: update })];
  signal?.addEventListener("abort", () => {
    for (const stop of stops) stop();
    lock.release();
    storage.removeItem(key);
  });
  client.streams.forEach(follow);
  return recovered;
}

/** Goes on with the streams that no other page has. */
async function goOn(client: StreamingClient, lock: PageLock, item: Item | undefined, options: PersistOptions): Promise<Stream[]> {
  if (!item) {
    void lock.take(randomId());
    return [];
  }
  const original = await lock.take(item.lock);
  if (options.signal?.aborted) return [];
  if (!original) void lock.take(randomId());
  const { saved } = item;
  const pending = client.streams.map(({ requestId }) => requestId);
  const streams = saved.streams.filter(
    ({ request }) => (original || request.type === "watch") && !pending.includes(request.request_id!),
  );
  return streams.length ? recover(client, { ...saved, streams }, options) : [];
}

function read(storage: Pick<Storage, "getItem">, key: string): Item | undefined {
  try {
    const item = JSON.parse(storage.getItem(key) ?? "null") as Item | null;
    return isSaved(item?.saved) ? item! : undefined;
  } catch {
    return undefined; // something else wrote it
  }
}

/** The storage of the tab; a browser that blocks cookies may refuse it. */
function ofTab(): Storage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

function listen(target: Partial<EventTarget> | undefined, listeners: Record<string, (event: any) => void>): () => void {
  for (const [name, listener] of Object.entries(listeners)) target?.addEventListener?.(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) target?.removeEventListener?.(name, listener);
  };
}
