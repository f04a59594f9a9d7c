import type { Request } from "./stage.js";

/** What the code streams; `undefined` is a live stream of the session. */
export type Coded = Omit<Request, "name"> | undefined;

export const FRAMEWORKS = ["Plain page", "React", "Vue", "Svelte", "Tiptap", "Node", "Python"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** Where the service is, and the session of a live stream. */
interface Place {
  service: string;
  session: string;
}

/** The code that shows the same with a framework, for the service of this page. */
export function snippet(framework: Framework, coded: Coded, place: Place): string {
  return coded ? finished[framework](coded, place) : live[framework](place);
}

type Code = Omit<Request, "name">;

const text = (content: string): string => JSON.stringify(content).replaceAll("</script", "<\\/script");
const modeOf = ({ contentType, htmlMode }: Code): string => JSON.stringify(contentType === "text" ? "text" : htmlMode);
const elements = (code: Code, indent: string): string =>
  options(code)
    .map(([name, value]) => `${indent}${name}: ${JSON.stringify(value)},\n`)
    .join("");

function options({ contentType, speed, chunkBy, htmlMode }: Code): [string, string][] {
  const all: [string, string][] = [["contentType", contentType], ["speed", speed], ["chunkBy", chunkBy]];
  return contentType === "text" ? all : [...all, ["htmlMode", htmlMode]];
}

const finished: Record<Framework, (code: Code, place: Place) => string> = {
  "Plain page": (code, { service }) => `<article id="answer" dir="auto"${code.contentType === "text" ? ' style="white-space: pre-wrap"' : ""}></article>
<script type="module">
  import { StreamingClient, domRenderer } from "${service}/static/client.js";

  const content = ${text(code.content)};
  const client = new StreamingClient("${service}");
  const renderer = domRenderer(document.querySelector("#answer"), ${modeOf(code)});
  client.stream(content, {
${elements(code, "    ")}    onChunk: renderer.append,
    onError: (error) => console.error(error.code, error.message),
  });
</script>
`,
  React: (code, { service }) => `import { useEffect, useRef, useState } from "react";
import { StreamingClient, domRenderer } from "streaming-content-client";

const content = ${text(code.content)};
const client = new StreamingClient("${service}");

export function Answer() {
  const place = useRef(null);
  const [state, setState] = useState("waiting");
  useEffect(() => {
    const leaving = new AbortController();
    place.current.replaceChildren();
    client.stream(content, {
${elements(code, "      ")}      signal: leaving.signal,
      onChunk: domRenderer(place.current, ${modeOf(code)}).append,
      onState: setState,
    });
    return () => leaving.abort();
  }, []);
  return <article ref={place} dir="auto" aria-busy={state === "streaming"} />;
}
`,
  Vue: (code, { service }) => `<script setup>
import { onMounted, onUnmounted, ref } from "vue";
import { StreamingClient, domRenderer } from "streaming-content-client";

const content = ${text(code.content)};
const client = new StreamingClient("${service}");
const place = ref();
const state = ref("waiting");
const leaving = new AbortController();

onMounted(() => {
  client.stream(content, {
${elements(code, "    ")}    signal: leaving.signal,
    onChunk: domRenderer(place.value, ${modeOf(code)}).append,
    onState: (now) => (state.value = now),
  });
});
onUnmounted(() => leaving.abort());
</script>

<template>
  <article ref="place" dir="auto" :aria-busy="state === 'streaming'" />
</template>
`,
  Svelte: (code, { service }) => `<script>
  import { StreamingClient, domRenderer } from "streaming-content-client";

  const content = ${text(code.content)};
  const client = new StreamingClient("${service}");
  let state = $state("waiting");

  function streamed(place) {
    const leaving = new AbortController();
    client.stream(content, {
${elements(code, "      ")}      signal: leaving.signal,
      onChunk: domRenderer(place, ${modeOf(code)}).append,
      onState: (now) => (state = now),
    });
    return { destroy: () => leaving.abort() };
  }
</script>

<article use:streamed dir="auto" aria-busy={state === "streaming"}></article>
`,
  Tiptap: (code, { service }) => `import { StreamingClient } from "streaming-content-client";
import { tiptapRenderer } from "streaming-content-client/tiptap";

const content = ${text(code.content)};
const client = new StreamingClient("${service}");

export async function streamInto(editor) {
  const renderer = tiptapRenderer(editor, ${modeOf(code)});
  try {
    for await (const chunk of client.stream(content, {
${elements(code, "      ")}    }))
      renderer.append(chunk);
  } finally {
    renderer.stop();
  }
}
`,
  Node: (code, { service }) => `import { StreamingClient } from "streaming-content-client"; // node 20: pass { WebSocket } of "ws"

const content = ${text(code.content)};
const client = new StreamingClient("${service}");
for await (const { data } of client.stream(content, {
${elements(code, "  ")}}))
  process.stdout.write(data);
await client.close();
`,
  Python: (code, { service }) => `import asyncio

from streaming_content import connect

CONTENT = ${JSON.stringify(code.content)}


async def main() -> None:
    async with connect("${service}") as connection:
        stream = await connection.request(
            CONTENT,
${options(code)
  .map(([name, value]) => `            ${snake(name)}=${JSON.stringify(value)},\n`)
  .join("")}        )
        async for chunk in stream:
            print(chunk.data, end="", flush=True)


asyncio.run(main())
`,
};

const watching = (renderer: string, indent = ""): string =>
  [`  live: { htmlMode: "incremental" },`, `  onLive: (stream) => stream.listen({ onChunk: ${renderer}.append }),`].map((line) => indent + line).join("\n");

const live: Record<Framework, (place: Place) => string> = {
  "Plain page": ({ service, session }) => `<article id="answer" dir="auto"></article>
<script type="module">
  import { StreamingClient, domRenderer } from "${service}/static/client.js";

  const renderer = domRenderer(document.querySelector("#answer"), "incremental");
  const client = new StreamingClient("${service}", {
    sessionId: "${session}",
${watching("renderer", "  ")}
  });
  await client.connect();
</script>
`,
  React: ({ service, session }) => `import { useEffect, useRef } from "react";
import { StreamingClient, domRenderer } from "streaming-content-client";

export function Answer() {
  const place = useRef(null);
  useEffect(() => {
    place.current.replaceChildren();
    const renderer = domRenderer(place.current, "incremental");
    const client = new StreamingClient("${service}", {
      sessionId: "${session}",
${watching("renderer", "    ")}
    });
    client.connect().catch(console.error);
    return () => void client.close();
  }, []);
  return <article ref={place} dir="auto" />;
}
`,
  Vue: ({ service, session }) => `<script setup>
import { onMounted, onUnmounted, ref } from "vue";
import { StreamingClient, domRenderer } from "streaming-content-client";

const place = ref();
let client;
onMounted(() => {
  const renderer = domRenderer(place.value, "incremental");
  client = new StreamingClient("${service}", {
    sessionId: "${session}",
${watching("renderer", "  ")}
  });
  client.connect().catch(console.error);
});
onUnmounted(() => client.close());
</script>

<template>
  <article ref="place" dir="auto" />
</template>
`,
  Svelte: ({ service, session }) => `<script>
  import { StreamingClient, domRenderer } from "streaming-content-client";

  function streamed(place) {
    const renderer = domRenderer(place, "incremental");
    const client = new StreamingClient("${service}", {
      sessionId: "${session}",
${watching("renderer", "    ")}
    });
    client.connect().catch(console.error);
    return { destroy: () => client.close() };
  }
</script>

<article use:streamed dir="auto"></article>
`,
  Tiptap: ({ service, session }) => `import { StreamingClient } from "streaming-content-client";
import { tiptapRenderer } from "streaming-content-client/tiptap";

export async function streamInto(editor) {
  const renderer = tiptapRenderer(editor, "incremental");
  const client = new StreamingClient("${service}", {
    sessionId: "${session}",
${watching("renderer", "  ")}
  });
  await client.connect();
}
`,
  Node: ({ service, session }) => `import { StreamingClient } from "streaming-content-client"; // node 20: pass { WebSocket } of "ws"

const client = new StreamingClient("${service}", {
  sessionId: "${session}",
  onLive: async (stream) => {
    for await (const { data } of stream) process.stdout.write(data); // without "incremental", what is settled
    await client.close();
  },
});
await client.connect();
`,
  Python: ({ service, session }) => `import asyncio

from streaming_content import connect


async def main() -> None:
    async with connect("${service}", "${session}") as connection:
        stream = await connection.next_live()
        async for chunk in stream:
            print(chunk.data, end="", flush=True)


asyncio.run(main())
`,
};

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
