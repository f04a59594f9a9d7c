import { LiveStream, type ProducerState, type Stream } from "../../js/src/index.js";

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
