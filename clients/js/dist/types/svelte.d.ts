import type { StreamingClient } from "./client.js";
import { type Controls, type Reading, type ReadingOptions, type Source } from "./reading.js";
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
export declare function streamStore<Target = Element>(client: StreamingClient, source: Source, options?: ReadingOptions<Target>): StreamStore<Target>;
