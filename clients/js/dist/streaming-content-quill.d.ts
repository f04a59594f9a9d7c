export * from "./types/quill.js";
