// What the adapters for frameworks share; it is part of each of them.

import type { StreamingClient } from "./client.js";
import type { Piece, Renderer, RenderMode } from "./dom.js";
import type { LiveStream, ProducerState, WatchOptions } from "./live.js";
import type { Chunk, Completion, Stream, StreamOptions, StreamStart, StreamState } from "./stream.js";

/**
 * Content that is requested; the id of a live stream; a stream that the application has, such as that of `onLive`; or
 * nothing.
 */
export type Source = string | { watch: string } | Stream | null | undefined;

export interface ReadingOptions<Target> extends StreamOptions, WatchOptions {
  /** Shows what arrives: `domRenderer`, `tiptapRenderer` or another. */
  render?: (target: Target, mode: RenderMode) => Renderer;
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
  /** Requests a stream that has ended once more. */
  retry(): void;
}

export interface Reader<Target> {
  /** Replaced, never changed, before each call of `changed`. */
  readonly reading: Reading;
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
export function createReader<Target>(changed: () => void): Reader<Target> {
  let reading = IDLE;
  let options: ReadingOptions<Target>;
  let begin: (() => void) | undefined;
  let stream: Stream | undefined;
  let place: Target | undefined;
  let renderer: Renderer | undefined;
  /** All that has arrived, as one chunk. */
  let all: (Omit<Chunk, "from"> & { from?: number | undefined }) | undefined;
  let noticing = false;

  const update = (news?: Partial<Reading>): void => {
    const { state, received, start, producer } = stream as LiveStream;
    reading = { ...reading, state, received, start, producer, content: all ? all.data + (all.close ?? "") : "", ...news };
    changed();
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
      const markup = piece.close === undefined ? "fragment" : "incremental";
      renderer = options.render(place, stream!.start!.contentType === "text" ? "text" : markup);
      piece = all as Piece;
    }
    renderer.append(piece);
  };

  const take = (chunk: Chunk): void => {
    const { data, from } = chunk;
    all = { ...chunk, ...(all && { from: all.from, data: all.data.slice(0, from && from - (all.from ?? 0)) + data }) };
    draw(chunk);
    if (noticing) return;
    noticing = true;
    setTimeout(() => {
      noticing = false;
      if (stream) update();
    }, NOTICE_MS);
  };

  return {
    get reading() {
      return reading;
    },
    read(client, source, given) {
      let over = false;
      const ended = (news: Partial<Reading>): void => {
        if (over) return;
        renderer?.stop();
        update(news);
      };
      begin = () => {
        if (over) return;
        options = given;
        stream = all = undefined;
        reading = IDLE;
        clear();
        if (!source) return changed();
        const listeners = {
          onChunk: (chunk: Chunk) => {
            if (!over) take(chunk);
            given.onChunk?.(chunk);
          },
          onState: (state: StreamState) => {
            if (!over) update();
            given.onState?.(state);
          },
          onProducer: (state: ProducerState) => {
            if (!over) update();
            given.onProducer?.(state);
          },
        };
        const heard = { ...given, ...listeners };
        try {
          if (typeof source === "string") stream = client.stream(source, heard);
          else if ("watch" in source) stream = client.watch(source.watch, heard);
          else (stream = source).listen(listeners);
          stream.completed.then(
            (completion) => ended({ completion }),
            (error) => ended({ error }),
          );
          update();
        } catch (error) {
          reading = { ...IDLE, state: "failed", error };
          changed();
        }
      };
      queueMicrotask(begin); // a component that is unmounted at once, as in StrictMode, has requested nothing
      return () => {
        over = true;
        renderer?.stop();
        if (stream && "leave" in stream) (stream as LiveStream).leave();
        else stream?.cancel();
        stream = begin = undefined;
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
      retry: () => {
        if (reading.completion || reading.error) begin?.();
      },
    },
  };
}
