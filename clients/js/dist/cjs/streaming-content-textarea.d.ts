export * from "./types/textarea.js";
