// Loaded before each test: what is installed for the tests is found from here and from the built client alike, so that
// there is one copy of the editor.

import { registerHooks } from "node:module";

const installed = new URL("../node/package.json", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const bare = /^(@tiptap\/|jsdom$|ws$)/.test(specifier);
    return next(specifier, bare ? { ...context, parentURL: installed } : context);
  },
});
