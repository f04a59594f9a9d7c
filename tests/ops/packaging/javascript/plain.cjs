const WebSocket = require("ws");
const { check } = require("./check.cjs");

check(require, WebSocket);
