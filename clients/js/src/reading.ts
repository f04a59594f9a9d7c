// What the adapters for frameworks share; it is part of each of them.

import type { StreamingClient } from "./client.js";
import type { Piece, Renderer, RenderMode } from "./dom.js";
import type { LiveStream, ProducerState, WatchOptions } from "./live.js";
import type { Stream } from "./stream.js";
import type { Chunk, Completion, StreamOptions, StreamStart, StreamState } from "./stream-options.js";

/**
 * Content that is requested; the id of a live stream; a stream that the application has, such as that of `onLive`; or
 * nothing.
 */
export type Source = string | { watch: string } | Stream | null | undefined;

export interface ReadingOptions<Target> extends Omit<StreamOptions & WatchOptions, "onChunk" | "requestId"> {
  /** Shows what arrives: `domRenderer`, `tiptapRenderer` or another. */
  render?: (target: Target, mode: RenderMode) => Renderer;
  /**
   * Names the stream among those of the client, in up to 40 characters: an unfinished one with this name, such as one that
   * `persist` has recovered, is read instead of another request.
   */
  id?: string;
  /** Nothing is requested before it is settled: that of `persist`. */
  after?: Promise<unknown>;
  target?: unknown;
}

/** A stream as a component shows it. */
export interface Reading {
  /** `idle` without a source, on a server, and before the component is mounted. */
  state: "idle" | StreamState;
  /** Number of received chunks, up to date within 100 ms and at each change of the state. */
  received: number;
  /** What has arrived so far, complete at every moment. It is HTML if the content is HTML or Markdown. */
  content: string;
  start: StreamStart | undefined;
  completion: Completion | undefined;
  error: unknown;
  /** Of a live stream. */
  producer: ProducerState | undefined;
}

/** What a user does to the stream. */
export interface Controls {
  pause(): void;
  resume(): void;
  skip(): void;
  /** Ends a live stream for all who read it. */
  cancel(): void;
  /** Requests a stream that has ended once more, and connects at once if the connection is lost. */
  retry(): void;
}

export interface Reader<Target> {
  readonly controls: Controls;
  /** Reads the source from the next microtask on. Returns a function that cancels the stream, or leaves a live one. */
  read(client: StreamingClient, source: Source, options: ReadingOptions<Target>): () => void;
  /** The place where the content is shown from now on, also what has arrived; without one it stays where it is. */
  show(place: Target | null | undefined): void;
}

export const IDLE: Reading = {
  state: "idle",
  received: 0,
  content: "",
  start: undefined,
  completion: undefined,
  error: undefined,
  producer: undefined,
};

const NOTICE_MS = 100;

/** Reads one stream after another. */
export function createReader<Target>(changed: (reading: Reading) => void): Reader<Target> {
  let reading = IDLE;
  let options: ReadingOptions<Target>;
  let retry: (() => void) | undefined;
  let stream: Stream | undefined;
  let place: Target | undefined;
  let renderer: Renderer | undefined;
  /** All that has arrived, as one chunk. */
  let all: (Omit<Chunk, "from"> & { from?: number | undefined }) | undefined;
  let notice: ReturnType<typeof setTimeout> | undefined;

  const update = (news?: Partial<Reading>): void => {
    const { state, received, start, producer } = (stream as LiveStream | undefined) ?? IDLE;
    reading = { ...reading, state, received, start, producer, content: all ? all.data + (all.close ?? "") : "", ...news };
    changed(reading);
  };

  /** Removes what is shown, for another stream or another place. What was there before a `settled` belongs to it. */
  const clear = (): void => {
    renderer?.stop();
    renderer = undefined;
    if (!options?.settled) (place as Partial<Element> | undefined)?.replaceChildren?.();
  };

  const draw = (piece: Piece): void => {
    if (!place || !options.render) return;
    if (!renderer) {
      renderer = options.render(place, stream!.start!.contentType === "text" ? "text" : stream!.htmlMode);
      piece = all as Piece;
    }
    renderer.append(piece);
  };

  const take = (chunk: Chunk): void => {
    const { data, from } = chunk;
    all = { ...chunk, ...(all && { from: all.from, data: all.data.slice(0, from && from - (all.from ?? 0)) + data }) };
    draw(chunk);
    notice ??= setTimeout(() => {
      notice = undefined;
      if (stream) update();
    }, NOTICE_MS);
  };

  return {
    read(client, source, given) {
      let over = false;
      const { render, target, id, after, ...asked } = given;
      const { watch, listen } = Object(source) as { watch?: string; listen?: unknown };
      const name = `${id}.`;
      /** `last`: what its end has brought. */
      const heard = (last?: Partial<Reading>): void => {
        if (over) return;
        if (last) renderer?.stop();
        update(last);
      };
      const begin = (): void => {
        if (over) return;
        stream = all = undefined;
        reading = IDLE;
        options = given;
        clear();
        try {
          if (listen) stream = source as Stream;
          else {
            stream = client.streams.find((one) => (watch ? one.streamId === watch : one.requestId.startsWith(name)));
            if (stream?.wanted.cancel || stream?.wanted.leave) {
              // as that of a component that has gone a moment ago: after its end
              void stream.completed.then(begin, begin);
              stream = undefined;
            } else if (watch) stream ??= client.watch(watch, asked);
            else if (source) stream ??= client.stream(source as string, { ...asked, requestId: id && name + Math.random() } as StreamOptions);
          }
          if (!stream) return update();
          stream.listen({ onChunk: (chunk) => over || take(chunk) });
          stream.on("state", () => heard());
          stream.on("producer", () => heard());
          stream.completed.then(
            (completion) => heard({ completion }),
            (error) => heard({ error }),
          );
          update();
        } catch (error) {
          update({ state: "failed", error });
        }
      };
      retry = () => {
        client.retry();
        if (!listen && (reading.completion || reading.error)) begin();
      };
      // Not at once: a component that is unmounted at once, as in StrictMode, has requested nothing.
      Promise.resolve(after).then(begin, begin);
      return () => {
        over = true;
        renderer?.stop();
        stream?.abandon();
        stream = undefined;
      };
    },
    show(next) {
      if (!next || next === place) return;
      place = next;
      clear();
      if (all) draw(all as Piece);
    },
    controls: {
      pause: () => stream?.pause(),
      resume: () => stream?.resume(),
      skip: () => stream?.skip(),
      cancel: () => stream?.cancel(),
      retry: () => retry?.(),
    },
  };
}
