// The page of the chat. `make generate` bundles it into static/chat.js.

import { Editor } from "@tiptap/core";
import { TableKit } from "@tiptap/extension-table";
import { StarterKit } from "@tiptap/starter-kit";
import { StreamingClient } from "../../clients/js/src/index.ts";
import { tiptapRenderer } from "../../clients/js/src/tiptap.ts";

const element = (id) => document.getElementById(id);
const editor = new Editor({ element: element("document"), extensions: [StarterKit, TableKit] });
const { url } = await (await fetch("service")).json();

const client = new StreamingClient(url, { live: { htmlMode: "incremental" }, onLive: show });
await client.connect();

async function show(stream) {
  const renderer = tiptapRenderer(editor, "incremental");
  element("state").value = "writing";
  element("stop").disabled = false;
  element("stop").onclick = () => stream.cancel(); // for all readers, and for the model
  try {
    for await (const chunk of stream) renderer.append(chunk);
    element("state").value = (await stream.completed).cancelled ? "stopped" : "complete";
  } catch (error) {
    element("state").value = `${error.code}: ${error.message}`;
  } finally {
    renderer.stop();
    element("stop").disabled = true;
  }
}

element("form").onsubmit = async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ session_id: client.sessionId, text: element("question").value });
  const answer = await fetch("questions", { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) element("state").value = `The question was refused (${answer.status}).`;
};
