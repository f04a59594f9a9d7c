import type { StreamingClient } from "./client.js";
import { type Controls, type Reading, type ReadingOptions, type Source } from "./reading.js";
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
export declare function useStream<Target = Element>(client: StreamingClient, source: Source, options?: UseStreamOptions<Target>): UseStream<Target>;
