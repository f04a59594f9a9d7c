export * from "./types/lexical.js";
