import { onMounted, shallowReactive, shallowRef, toRefs, toValue, watchEffect } from "vue";
import type { MaybeRefOrGetter, ShallowRef, ToRefs } from "vue";
import type { StreamingClient } from "./client.js";
import { createReader, IDLE, type Controls, type Reading, type ReadingOptions, type Source } from "./reading.js";

export type { Controls, Reading, Source } from "./reading.js";

export interface UseStreamOptions<Target> extends ReadingOptions<Target> {
  /** Where the content is shown, if that is not the element of `target`: an editor. */
  target?: MaybeRefOrGetter<Target | null | undefined>;
}

export interface UseStream<Target> extends ToRefs<Reading>, Controls {
  /** For the element in which `render` shows the content, which belongs to the stream: `<article ref="target" />`. */
  target: ShallowRef<Target | null | undefined>;
}

/**
 * Streams while the component is mounted: then the stream is cancelled, or a live one left. Another client or source
 * begins another stream.
 */
export function useStream<Target = Element>(
  client: MaybeRefOrGetter<StreamingClient>,
  source: MaybeRefOrGetter<Source>,
  options: UseStreamOptions<Target> = {},
): UseStream<Target> {
  const reading = shallowReactive({ ...IDLE });
  const reader = createReader<Target>((news) => Object.assign(reading, news));
  const target = shallowRef<Target | null>();
  onMounted(() => {
    watchEffect(() => reader.show(toValue(options.target) ?? target.value));
    watchEffect((onCleanup) => onCleanup(reader.read(toValue(client), toValue(source), options)));
  });
  return { ...toRefs(reading), ...reader.controls, target };
}
