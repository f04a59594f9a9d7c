export * from "./types/announce.js";
