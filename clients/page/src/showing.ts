import type { Chunk, Stream, StreamingClient } from "../../js/src/index.js";
import type { Renderer, RenderMode } from "../../js/src/dom.js";
import { Gaps, PACE_MS } from "./gaps.js";
import { Kept } from "./kept.js";

/** One stream that is or was shown: what has arrived of it, and when. */
export class Showing {
  readonly askedAt = performance.now();
  readonly gaps = new Gaps();
  readonly kept = new Kept();
  stream: Stream | undefined;
  renderer: Renderer | undefined;
  firstChunkMs: number | undefined;
  endedAt: number | undefined;

  /** `again` requests the same once more; `requestTrace` is the trace id of the request. */
  constructor(
    readonly name: string,
    readonly mode: RenderMode,
    readonly again: (client: StreamingClient) => Stream,
    private readonly requestTrace?: string,
  ) {}

  take(chunk: Chunk, render: boolean): void {
    const now = performance.now();
    this.gaps.arrived(now);
    this.firstChunkMs ??= now - this.askedAt;
    this.kept.append(chunk);
    if (render) this.renderer?.append(chunk);
  }

  end(): void {
    this.endedAt ??= performance.now();
    this.renderer?.stop();
  }

  get running(): Stream | undefined {
    return this.endedAt === undefined ? this.stream : undefined;
  }

  get traceId(): string | undefined {
    return this.stream?.traceId ?? this.requestTrace;
  }

  get elapsedMs(): number {
    return (this.endedAt ?? performance.now()) - this.askedAt;
  }

  /** Milliseconds between two chunks; 0 if it is not planned. */
  get paceMs(): number {
    return PACE_MS[this.stream?.start?.metadata.speed_used ?? ""] ?? 0;
  }
}
