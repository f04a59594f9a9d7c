import WebSocket from "ws";
import { check } from "./check.cjs";

await check((entry) => import(entry), WebSocket);
