import { LiveStream, type Speed, type Stream } from "../../js/src/index.js";
import { addressOf, readAddress, showInAddress, slug, type Wish } from "./address.js";
import { Beside } from "./beside.js";
import { Choices } from "./choices.js";
import { copy } from "./clipboard.js";
import { CodePanel } from "./code.js";
import { ConnectedClient } from "./connected.js";
import { createEditor } from "./editor.js";
import { element, made } from "./element.js";
import { FaultNotice } from "./faults.js";
import { Line } from "./line.js";
import { requestLive } from "./live.js";
import { MessageLog } from "./log.js";
import { OwnText } from "./own.js";
import { paceOf, samples, WELCOME, type Source } from "./samples.js";
import { rememberedRequest, rememberRequest } from "./remembered.js";
import { SessionCard } from "./session.js";
import { escape, shortcuts, undoKeys } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { themeSwitch } from "./theme.js";
import { TokenField } from "./token.js";
import { Transport } from "./transport.js";
import { Trial } from "./trial.js";

const LIVE = "Live";
const sampleButtons = element("samples", HTMLElement);
const paper = element("paper", HTMLElement);
const newSession = element("new-session", HTMLButtonElement);

themeSwitch();
const editor = createEditor(element("document", HTMLElement));
const faults = new FaultNotice({ again: () => again(), newSession: () => newSession.click() });
const line = new Line();
const stage = new Stage(editor, {
  changed: () => transport.show(),
  failed: (error) => faults.show(error),
  ended: (showing) => void trial.prove(showing, connected.client),
});
const token = new TokenField(() => connected.replace());
const sessionCard = new SessionCard();
const connected = new ConnectedClient({ line, log: new MessageLog(), sessionCard, faults, token, onRecovered: goOn, onLive: watch, onConnected: playFirst });
const beside = new Beside(() => connected.another());
const choices = new Choices(() => {
  if (choices.get("view") !== "two") beside.close();
  showState();
});
const code = new CodePanel(showState);
const trial = new Trial(line, () => stage.showing);
const own = new OwnText(play, () => sessionCard.maxBytes);
const transport = new Transport(stage, beside, { again, canRepeat: () => last !== undefined });
let last: Source | typeof LIVE | undefined;
/** What plays by itself, until something plays. */
let first: Source | typeof LIVE | undefined;

/** Streams it, with the choices of the reader in place of its own. */
function play(source: Source): void {
  begin(source);
  const htmlMode = choices.get<"incremental" | "fragment">("html_mode");
  const request = {
    name: source.name,
    content: source.content,
    contentType: choices.get<Source["contentType"] | "">("content_type") || source.contentType,
    speed: choices.get<Speed | "">("speed") || paceOf(source, htmlMode),
    chunkBy: choices.get<NonNullable<Source["chunkBy"]> | "">("chunk_by") || (source.chunkBy ?? "word"),
    htmlMode,
  };
  rememberRequest(stage.play(connected.client, request), request);
  code.show(request);
  if (choices.get("view") === "two") beside.showOtherMode(request);
}

/** Goes on with what streamed before the page was loaded again. */
function goOn(streams: readonly Stream[]): void {
  for (const stream of streams) {
    const request = rememberedRequest(stream);
    if (stream instanceof LiveStream) watch(stream);
    else if (!request) stream.cancel(); // a comparison
    else {
      first = undefined;
      last = samples.find(({ content }) => content === request.content) ?? request;
      stage.goOn(stream, request);
      press(request.name);
      code.show(request);
      if (choices.get("view") === "two") beside.showOtherMode(request);
    }
  }
}

/** The service writes the sample into the session of the page, which then shows it as every live stream. */
async function playLive(): Promise<void> {
  begin(LIVE);
  try {
    await connected.client.connect();
    await requestLive(connected.client.sessionId, token.value);
  } catch (error) {
    faults.show(error);
  }
}

function watch(stream: LiveStream): void {
  first = undefined;
  last = LIVE;
  stage.watch(stream);
  press(LIVE);
  code.show({ streamId: stream.streamId, session: connected.client.sessionId });
  if (choices.get("view") === "two") beside.showFinished();
}

function begin(what: Source | typeof LIVE): void {
  faults.clear();
  trial.clear();
  beside.close();
  first = undefined;
  last = what;
  press(nameOf(what));
  showState();
}

function again(): void {
  if (last) start(last);
}

function press(name: string | undefined): void {
  for (const button of sampleButtons.children) button.ariaPressed = String(button.textContent === name);
}

function nameOf(what: Source | typeof LIVE | undefined): string | undefined {
  return typeof what === "object" ? what.name : what;
}

/** The sample with this name; none for the reader's own text, which is in an address only if it is asked for. */
function find(sample: string | undefined): Source | typeof LIVE | undefined {
  return sample === slug(LIVE) ? LIVE : samples.find(({ name }) => slug(name) === sample);
}

function wish(): Wish {
  const name = nameOf(last);
  const isSample = last === LIVE || samples.some((sample) => sample === last);
  return { ...(isSample && name && { sample: slug(name) }), chosen: { ...choices.chosen, ...(code.shown && { code: code.shown }) } };
}

function showState(): void {
  showInAddress(wish());
}

/** What the address asks for, or else what is remembered. Another's text is filled in only: the reader streams it. */
function arrange(): void {
  const asked = readAddress();
  if (asked) choices.chosen = asked.chosen;
  if (asked?.chosen["code"]) code.open(asked.chosen["code"]);
  if (asked?.text) own.fill(asked.text);
  const sample = find(asked?.sample);
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches || choices.chosen["play"] === "off" || asked?.text;
  first = isStill ? undefined : (sample ?? WELCOME);
  last ??= sample;
  press(nameOf(sample));
  transport.show();
}

/** Something streams on load, once the service is there. */
function playFirst(): void {
  const what = first;
  first = undefined;
  if (what && !stage.stream) start(what);
}

function start(what: Source | typeof LIVE): void {
  if (what === LIVE) void playLive();
  else play(what);
}

samples.forEach((sample, place) => {
  const button = made("button", sample.name, { type: "button", onclick: () => play(sample) });
  if (place < 9) button.setAttribute("aria-keyshortcuts", `Alt+${place + 1}`);
  sampleButtons.append(button);
});
sampleButtons.append(made("button", LIVE, { type: "button", onclick: () => void playLive() }));
press(undefined);
newSession.addEventListener("click", () => connected.replace(true));
const share = element("share", HTMLButtonElement);
share.addEventListener("click", () => {
  const text = typeof last === "object" && !samples.includes(last) ? last.content : "";
  void copy(new URL(addressOf({ ...wish(), ...(text && { text }) }), location.href).href, share);
});
const showEmptiness = (): boolean => paper.classList.toggle("empty", editor.isEmpty);
editor.on("transaction", showEmptiness);
showEmptiness();
shortcuts({
  ...transport.shortcuts,
  KeyE: editor.view.dom,
  ...Object.fromEntries([...sampleButtons.children].slice(0, 9).map((button, place) => [`Digit${place + 1}`, button as HTMLElement])),
});
escape(editor.view.dom, element("transport", HTMLElement));
undoKeys(editor.view.dom, {
  undo: () => stage.undo(),
  redo: () => stage.redo(),
  isTyping: (redo) => stage.running !== undefined || stage.past.isTyping(redo),
});
arrange();
addEventListener("hashchange", () => {
  const asked = readAddress();
  if (!asked) return showState(); // a link to a place on the page; it is there now
  arrange();
  const what = first;
  first = undefined;
  if (what && find(asked.sample)) start(what);
});

// For the console.
Object.assign(globalThis, { editor, streaming: () => ({ client: connected.client, stream: stage.stream }) });
