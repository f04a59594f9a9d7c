import type { ChunkBy, ContentType, HtmlMode, Speed } from "../../js/src/protocol.js";
import adaptive from "../samples/adaptive.html";
import arabic from "../samples/arabic.md";
import basic from "../samples/basic.html";
import chinese from "../samples/chinese.md";
import colours from "../samples/colours.html";
import complex from "../samples/complex.html";
import emoji from "../samples/emoji.txt";
import hebrew from "../samples/hebrew.html";
import lists from "../samples/lists.html";
import markdown from "../samples/markdown.md";
import mega from "../samples/mega.html";
import nested from "../samples/nested.html";
import plain from "../samples/plain.txt";
import sentence from "../samples/sentence.txt";
import table from "../samples/table.html";
import thai from "../samples/thai.txt";
import welcome from "../samples/welcome.md";

/** Content with default options. */
export interface Source {
  name: string;
  content: string;
  contentType: ContentType;
  chunkBy?: ChunkBy;
  /** Depends on the HTML mode by default: see `paceOf`. */
  speed?: Speed;
}

/** What streams by itself: long enough to try the buttons. */
export const WELCOME: Source = { name: "Welcome", content: welcome, contentType: "markdown", speed: "fast" };

/** "Plain Text" takes about a second, "MEGA Complex HTML" two to three, in either mode. */
export const samples: readonly Source[] = [
  { name: "Plain Text", content: plain, contentType: "text" },
  { name: "HTML", content: basic, contentType: "html" },
  { name: "Markdown", content: markdown, contentType: "markdown" },
  { name: "Adaptive", content: adaptive, contentType: "html", speed: "adaptive" },
  { name: "Sentence", content: sentence, contentType: "text", chunkBy: "sentence", speed: "slow" },
  { name: "Complex HTML", content: complex, contentType: "html" },
  { name: "Nested", content: nested, contentType: "html" },
  { name: "Lists", content: lists, contentType: "html" },
  { name: "Colours and Styles", content: colours, contentType: "html" },
  { name: "Table", content: table, contentType: "html" },
  { name: "MEGA Complex HTML", content: mega, contentType: "html", chunkBy: "sentence" },
  { name: "Thai", content: thai, contentType: "text" },
  { name: "Chinese", content: chinese, contentType: "markdown" },
  { name: "Emoji", content: emoji, contentType: "text" },
  { name: "Arabic", content: arabic, contentType: "markdown" },
  { name: "Hebrew", content: hebrew, contentType: "html" },
  WELCOME,
];

/** Fragments are few and large, so they are slower. */
export function paceOf(source: Source, mode: HtmlMode): Speed {
  return source.speed ?? (source.contentType !== "text" && mode === "fragment" ? "normal" : "superfast");
}

/** The content type of the user's text, by the name of its file, else by its first characters. */
export function typeOf(text: string, fileName = ""): ContentType {
  if (/\.html?$/i.test(fileName)) return "html";
  if (/\.(md|markdown)$/i.test(fileName)) return "markdown";
  if (fileName) return "text";
  if (/^\s*<[a-z!][^>]*>/i.test(text)) return "html";
  return /^(#{1,6} |[-*] |\d+\. |> |```|\|.*\|$)|\*\*\S|\]\(\S/m.test(text) ? "markdown" : "text";
}
