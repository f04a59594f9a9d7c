export * from "./types/prosemirror.js";
