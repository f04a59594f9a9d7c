// Loaded before each test: the tests and the built client import the same packages, so that there is one copy of the
// editor.

import { registerHooks } from "node:module";

const installed = new URL("../node/package.json", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const bare = /^(@tiptap\/|jsdom$|ws$)/.test(specifier);
    return next(specifier, bare ? { ...context, parentURL: installed } : context);
  },
});
