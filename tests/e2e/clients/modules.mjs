// Loaded before each test: the tests and the built client import the same packages, so that there is one copy of an
// editor or a framework. Components of Svelte are compiled.

import { registerHooks } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const installed = new URL("../node/package.json", import.meta.url).href;
const newest = new URL("../../../clients/js/package.json", import.meta.url).href;
const react = process.env.REACT === "18" ? installed : newest;

/** The package in which a bare import is looked up. */
const places = [
  [/^(@?lexical|@tiptap\/|prosemirror-|quill|jsdom$|ws$)/, installed],
  [/^react(-dom)?($|\/)/, react],
  [/^(esbuild|streaming-content-client|svelte|vue)($|\/)/, newest],
];

registerHooks({
  resolve(specifier, context, next) {
    const place = places.find(([names]) => names.test(specifier));
    return next(specifier, place ? { ...context, parentURL: place[1] } : context);
  },
  load(url, context, next) {
    if (!url.endsWith(".svelte")) return next(url, context);
    const filename = fileURLToPath(url);
    const generate = process.execArgv.includes("--conditions=browser") ? "client" : "server";
    const { js } = compileComponent(readFileSync(filename, "utf8"), { filename, generate });
    return { format: "module", source: js.code, shortCircuit: true };
  },
});

let compileComponent = (...component) => {
  const { compile } = process.getBuiltinModule("node:module").createRequire(newest)("svelte/compiler");
  compileComponent = compile;
  return compile(...component);
};
