// What is announced to screen readers, and when an element is busy.

import assert from "node:assert/strict";
import { test } from "node:test";
import { announcer } from "../../../clients/js/dist/streaming-content-announce.js";
import "./editor.mjs";

const run = (states, announce, region, element) =>
  states.map((state) => {
    announce(state);
    return [region.textContent, element.getAttribute("aria-busy")];
  });

test("start, pause, resumption, loss, recovery and end are announced politely", () => {
  const element = document.createElement("article");
  const announce = announcer(element);
  const [region] = document.querySelectorAll("[role=status]");
  assert.equal(region.textContent, "");
  assert.deepEqual(run(["streaming", "paused", "streaming", "broken", "streaming", "complete"], announce, region, element), [
    ["The text is arriving.", "true"],
    ["Paused.", "false"],
    ["The text goes on.", "true"],
    ["The connection was lost. Connecting again.", "true"],
    ["Connected again. The text goes on.", "true"],
    ["The text is complete.", "false"],
  ]);
  announcer(document.createElement("article"));
  assert.equal(document.querySelectorAll("[role=status]").length, 1);
});

test("texts and the region can be those of the page", () => {
  const element = document.createElement("article");
  const region = document.createElement("output");
  const announce = announcer(element, { region, texts: { started: "Los.", complete: "" } });
  assert.deepEqual(run(["waiting", "streaming", "complete"], announce, region, element).map(([text]) => text), ["", "Los.", "Los."]);
});
