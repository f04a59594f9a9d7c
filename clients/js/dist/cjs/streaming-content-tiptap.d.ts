export * from "./types/tiptap.js";
