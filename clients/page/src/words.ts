import { LiveStream, type ProducerState, type Stream, type StreamState } from "../../js/src/index.js";

const PRODUCER: Record<ProducerState, string> = {
  writing: "Being written",
  stalled: "Its writer is silent",
  interrupted: "Its writer is lost",
};

/** The state of a stream for people. */
export function inWords(stream: Stream): string {
  const { state, received, start } = stream;
  const isLive = stream instanceof LiveStream;
  const count = start && !isLive ? `${received} of ${start.totalChunks} chunks` : `${received} chunks`;
  if (isLive && state === "streaming") return `${PRODUCER[stream.producer]}: ${count}`;
  switch (state) {
    case "waiting":
      return "Requested, waiting…";
    case "streaming":
      return `Streaming: ${count}`;
    case "paused":
      return `Paused after ${count}`;
    case "broken":
      return `Interrupted after ${count}, reconnecting…`;
    case "complete":
      return `Complete: ${received} chunks`;
    case "cancelled":
      return `Cancelled after ${count}`;
    case "failed":
      return `Failed after ${count}`;
  }
}

/** What a listener hears when a stream comes from one state into another; nothing for what follows by itself. */
export function announced(name: string, before: StreamState, stream: Stream): string {
  if (stream.state !== "streaming") return inWords(stream);
  const after: Partial<Record<StreamState, string>> = {
    waiting: `${name} streams.`,
    paused: "Resumed.",
    broken: `Continued after ${stream.received} chunks.`,
  };
  return after[before] ?? "";
}
