export * from "./types/parallel.js";
