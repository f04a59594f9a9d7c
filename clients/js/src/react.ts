import { useEffect, useState, useSyncExternalStore } from "react";
import type { StreamingClient } from "./client.js";
import { createReader, IDLE, type Controls, type Reading, type ReadingOptions, type Source } from "./reading.js";

export type { Controls, Reading, Source } from "./reading.js";

export interface UseStreamOptions<Target> extends ReadingOptions<Target> {
  /** Where the content is shown, if that is not the element of `ref`: an editor. */
  target?: Target | null | undefined;
}

export interface UseStream<Target> extends Reading, Controls {
  /** For the element in which `render` shows the content, which belongs to the stream. */
  ref: (element: Target | null) => void;
}

/**
 * Streams while the component is mounted: then the stream is cancelled, or a live one left. Another client or source
 * begins another stream; other options apply to the next one.
 */
export function useStream<Target = Element>(
  client: StreamingClient,
  source: Source,
  options: UseStreamOptions<Target> = {},
): UseStream<Target> {
  const [{ reader, current, subscribe }] = useState(() => {
    let reading = IDLE;
    let notify: (() => void) | undefined;
    return {
      reader: createReader<Target>((news) => {
        reading = news;
        notify?.();
      }),
      current: () => reading,
      subscribe: (listener: () => void) => {
        notify = listener;
        return () => (notify = undefined);
      },
    };
  });
  const reading = useSyncExternalStore(subscribe, current, current);
  const { target } = options;
  useEffect(() => reader.show(target), [target]);
  useEffect(() => reader.read(client, source, options), [client, (source as { watch?: string })?.watch ?? source]);
  return { ...reading, ...reader.controls, ref: reader.show };
}
