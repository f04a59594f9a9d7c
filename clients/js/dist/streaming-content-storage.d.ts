export * from "./types/storage.js";
