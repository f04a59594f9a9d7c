import type { StreamingClient } from "./client.js";
import { createReader, IDLE, type Controls, type Reading, type ReadingOptions, type Source } from "./reading.js";

export type { Controls, Reading, Source } from "./reading.js";

/** Has the contract of a store of Svelte: `$stream.state`. */
export interface StreamStore<Target> extends Controls {
  /** The first subscriber begins the stream; with the last one it is cancelled, or a live one left. */
  subscribe(run: (reading: Reading) => void): () => void;
  /** Streams this instead. */
  read(source: Source): void;
  /**
   * The place where `render` shows the content, which belongs to the stream: `<article use:stream.show>`, or
   * `{@attach stream.show}`; an editor can be passed too.
   */
  show(place: Target): void;
}

/** On a server nothing is requested. */
export function streamStore<Target = Element>(
  client: StreamingClient,
  source: Source,
  options: ReadingOptions<Target> = {},
): StreamStore<Target> {
  let reading = IDLE;
  const subscribers = new Set<(reading: Reading) => void>();
  const reader = createReader<Target>((news) => {
    reading = news;
    subscribers.forEach((notify) => notify(news));
  });
  let end: (() => void) | undefined;
  const begin = (): void => {
    end?.();
    end = subscribers.size && "document" in globalThis ? reader.read(client, source, options) : undefined;
  };
  return {
    ...reader.controls,
    subscribe(run) {
      const notify = (news: Reading): void => run(news);
      run(reading);
      subscribers.add(notify);
      if (subscribers.size === 1) begin();
      return () => {
        if (subscribers.delete(notify) && !subscribers.size) begin();
      };
    },
    read(next) {
      source = next;
      begin();
    },
    show: reader.show,
  };
}
