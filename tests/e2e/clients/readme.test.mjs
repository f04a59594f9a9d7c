// The examples of clients/js/README.md for frameworks, as they are there, against the real service.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { place } from "./page.mjs";
import { transformSync } from "esbuild";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { mount } from "svelte";
import { createApp } from "vue";
import { compileScript, parse } from "vue/compiler-sfc";
import { client, signal } from "./service.mjs";

const README = readFileSync(new URL("../../../clients/js/README.md", import.meta.url), "utf8");
const MARKDOWN = "# Title\n\n*one*\n";
const HTML = "<h1>Title</h1><p><em>one</em></p>";

const folder = mkdtempSync(join(tmpdir(), "readme-"));
after(() => rmSync(folder, { recursive: true }));
globalThis.clientOfTheReadme = client();
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
writeFileSync(join(folder, "client.js"), "export const client = globalThis.clientOfTheReadme;");

/** The module that the first block in a language below a heading becomes. */
async function example(heading, language, file, compile = (code) => code) {
  const [, section] = README.split(`\n## ${heading}\n`);
  const blocks = section.split("\n## ")[0].matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"));
  const [code] = [...blocks].map(([, code]) => code).filter((code) => code.includes("./client.js"));
  writeFileSync(join(folder, file), compile(code));
  return import(pathToFileURL(join(folder, file)).href);
}

/** Resolves when the element shows the document, and is not busy. */
async function shows(element) {
  const { changed, until } = signal();
  const observer = new window.MutationObserver(changed);
  observer.observe(element, { attributes: true, characterData: true, childList: true, subtree: true });
  const article = () => element.querySelector("article");
  await until(() => article()?.innerHTML === HTML && article().getAttribute("aria-busy") !== "true");
  observer.disconnect();
}

test("in React", async () => {
  const compile = (code) => transformSync(code, { loader: "jsx", jsx: "automatic" }).code;
  const { Answer } = await example("In React", "jsx", "react.js", compile);
  const element = place();
  createRoot(element).render(createElement(Answer, { markdown: MARKDOWN }));
  await shows(element);
});

test("in Vue", async () => {
  const compile = (code) => compileScript(parse(code).descriptor, { id: "answer", inlineTemplate: true }).content;
  const { default: Answer } = await example("In Vue", "vue", "vue.js", compile);
  const element = place();
  createApp(Answer, { markdown: MARKDOWN }).mount(element);
  await shows(element);
});

test("in Svelte", async () => {
  const { default: Answer } = await example("In Svelte", "svelte", "Answer.svelte");
  const element = place();
  mount(Answer, { target: element, props: { markdown: MARKDOWN } });
  await shows(element);
});

test("in another framework", async () => {
  const { appear } = await example("In another framework", "js", "another.js");
  const element = place();
  const article = element.appendChild(document.createElement("article"));
  appear(article, MARKDOWN, (state) => article.setAttribute("aria-busy", state === "streaming"));
  await shows(element);
});

test("the application has one client", async () => {
  const [, code] = /```js\n(\/\/ client\.js\n.*?)```/s.exec(README);
  writeFileSync(join(folder, "own.js"), code);
  const { client } = await import(pathToFileURL(join(folder, "own.js")).href);
  assert.equal(client.state, "idle");
});
