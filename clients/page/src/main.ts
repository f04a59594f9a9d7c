import {
  StreamingClient,
  StreamingError,
  type ChunkBy,
  type ConnectionState,
  type ContentType,
  type HtmlMode,
  type Speed,
} from "../../js/src/index.js";
import { createEditor } from "./editor.js";
import { element, made } from "./element.js";
import { FaultNotice } from "./faults.js";
import { requestLive } from "./live.js";
import { MessageLog } from "./log.js";
import { OwnText } from "./own.js";
import { paceOf, samples, type Source } from "./samples.js";
import { forgetSession, SessionCard, sessionId } from "./session.js";
import { shortcuts } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { themeSwitch } from "./theme.js";
import { TokenField } from "./token.js";

const CONNECTION: Record<ConnectionState, [look: string, text: string]> = {
  idle: ["closed", "Not connected; the next request connects"],
  connecting: ["connecting", "Connecting…"],
  open: ["open", "Connected"],
  waiting: ["reconnecting", "Connection lost, reconnecting…"],
  closed: ["closed", "Closed"],
};

const connection = element("connection", HTMLElement);
const connectionText = element("connection-text", HTMLElement);
const settings = element("settings", HTMLFormElement);
const sampleButtons = element("samples", HTMLElement);
const paper = element("paper", HTMLElement);
const [pause, skip, cancel, again, clear, newSession] = ["pause", "skip", "cancel", "again", "clear", "new-session"].map(
  (id) => element(id, HTMLButtonElement),
) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement, HTMLButtonElement, HTMLButtonElement, HTMLButtonElement];

themeSwitch();
const log = new MessageLog();
const sessionCard = new SessionCard();
const editor = createEditor(element("document", HTMLElement));
const faults = new FaultNotice({ again: () => again.click(), newSession: () => newSession.click() });
const stage = new Stage(editor, showControls, (error) => faults.show(error));
const token = new TokenField(replaceClient);
let client = connected();
let last: Source | undefined;

/** A client that has begun to connect. */
function connected(): StreamingClient {
  let was: ConnectionState = "idle";
  // Relative to the page, so that a proxy may serve both under a path.
  const made = new StreamingClient(new URL(".", location.href), {
    sessionId: sessionId(),
    ...token.source,
    live: { htmlMode: "incremental" },
    onLive: (stream) => made === client && stage.watch(stream),
    stay: false, // a page that is left open is closed as idle
    onMessage: (direction, message) => log.add(direction, message),
    onSession: (session) => sessionCard.show(session),
    onState: (state, error) => {
      if (made !== client) return;
      const lost = was === "open" && state === "idle";
      was = state;
      showConnection(state);
      // Nothing is pending, so the client does not reconnect; the page does, unless it was closed for being idle, or
      // the next connection would end in the same way.
      if (lost && error && !error.retryable) faults.show(error);
      else if (lost && error?.code !== "IDLE_TIMEOUT") queueMicrotask(() => connect(made));
    },
  });
  queueMicrotask(() => connect(made));
  return made;
}

function replaceClient(): void {
  const old = client;
  faults.clear();
  client = connected();
  void old.close();
}

function connect(mine: StreamingClient): void {
  mine.connect().then(
    async () => {
      const roundTrip = Math.min(await mine.ping(), await mine.ping()); // the first one coincides with loading the page
      if (mine === client && mine.state === "open") connectionText.textContent = `Connected, ${roundTrip.toFixed(1)} ms round trip`;
    },
    (error: unknown) => {
      if (mine === client && !(error instanceof StreamingError && error.code === "CLIENT_CLOSED")) faults.show(error);
    },
  ).catch(() => {}); // a lost ping: the state shows it
}

function showConnection(state: ConnectionState): void {
  const [look, text] = CONNECTION[state];
  connection.dataset["state"] = look;
  connectionText.textContent = text;
}

/** Streams it, with the settings of the user in place of its own. */
function play(source: Source): void {
  const set = new FormData(settings);
  const htmlMode = set.get("html_mode") as HtmlMode;
  faults.clear();
  last = source;
  for (const button of sampleButtons.children)
    button.setAttribute("aria-pressed", String(button.textContent === source.name));
  stage.play(client, {
    name: source.name,
    content: source.content,
    contentType: (set.get("content_type") as ContentType) || source.contentType,
    speed: (set.get("speed") as Speed) || paceOf(source, htmlMode),
    chunkBy: (set.get("chunk_by") as ChunkBy) || (source.chunkBy ?? "word"),
    htmlMode,
  });
}

/** The service writes the sample into the session of the page, which then shows it as every live stream. */
async function playLive(): Promise<void> {
  faults.clear();
  last = undefined;
  for (const button of sampleButtons.children) button.setAttribute("aria-pressed", String(button === live));
  try {
    await client.connect();
    await requestLive(client.sessionId, token.value);
  } catch (error) {
    faults.show(error);
  }
}

function showControls(): void {
  const running = stage.running;
  const paused = running?.state === "paused";
  pause.disabled = skip.disabled = cancel.disabled = !running;
  again.disabled = !last;
  pause.querySelector("span")!.textContent = paused ? "Resume" : "Pause";
  pause.querySelector("path")!.setAttribute("d", paused ? "m5 3.5 7 4.5-7 4.5z" : "M5.5 3.5v9M10.5 3.5v9");
}

new OwnText(play, () => sessionCard.maxBytes);
samples.forEach((sample, place) => {
  const button = made("button", sample.name, { type: "button", onclick: () => play(sample) });
  button.setAttribute("aria-pressed", "false");
  if (place < 9) button.setAttribute("aria-keyshortcuts", `Alt+${place + 1}`);
  sampleButtons.append(button);
});
const live = made("button", "Live", { type: "button", onclick: () => void playLive() });
live.setAttribute("aria-pressed", "false");
sampleButtons.append(live);
settings.addEventListener("submit", (event) => event.preventDefault());
pause.addEventListener("click", () => (stage.running?.state === "paused" ? stage.running.resume() : stage.running?.pause()));
skip.addEventListener("click", () => stage.running?.skip());
cancel.addEventListener("click", () => stage.running?.cancel());
again.addEventListener("click", () => last && play(last));
clear.addEventListener("click", () => stage.clear());
newSession.addEventListener("click", () => {
  forgetSession();
  replaceClient();
});
const showEmptiness = (): boolean => paper.classList.toggle("empty", editor.isEmpty);
editor.on("update", showEmptiness);
showEmptiness();
shortcuts({
  KeyP: pause,
  KeyS: skip,
  KeyX: cancel,
  KeyA: again,
  KeyL: clear,
  KeyE: editor.view.dom,
  ...Object.fromEntries([...sampleButtons.children].slice(0, 9).map((button, place) => [`Digit${place + 1}`, button as HTMLElement])),
});

// For the console.
Object.assign(globalThis, { editor, streaming: () => ({ client, stream: stage.stream }) });
