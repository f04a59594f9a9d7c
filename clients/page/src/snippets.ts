import type { Request } from "./stage.js";

/** What the code streams: content, or a live stream of a session, which it reads. */
export type Coded = Omit<Request, "name"> | { streamId: string; session: string };

export const FRAMEWORKS = ["Plain page", "React", "Vue", "Svelte", "Tiptap", "Node", "Python"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** The code that shows the same with a framework, from the service at this address. */
export function snippet(framework: Framework, coded: Coded, service: string): string {
  return CODE[framework](new Parts(coded, service));
}

/** The parts that differ with what is shown. */
class Parts {
  constructor(
    private readonly coded: Coded,
    readonly service: string,
  ) {}

  get isText(): boolean {
    return "contentType" in this.coded && this.coded.contentType === "text";
  }

  get mode(): string {
    return JSON.stringify(this.isText ? "text" : "htmlMode" in this.coded ? this.coded.htmlMode : "incremental");
  }

  /** The arguments of a client. */
  get address(): string {
    return `"${this.service}"${"session" in this.coded ? `, { sessionId: "${this.coded.session}" }` : ""}`;
  }

  /** A line for the content, where there is one. */
  content(indent = ""): string {
    return "content" in this.coded ? `${indent}const content = ${this.text};\n` : "";
  }

  /** A literal of JavaScript and of Python, which neither ends a script nor begins a comment in it. */
  get text(): string {
    return "content" in this.coded ? JSON.stringify(this.coded.content).replaceAll(/<(?=!--|\/?script)/gi, "\\u003c") : "";
  }

  get isLive(): boolean {
    return "streamId" in this.coded;
  }

  /** The beginning of the call that streams. */
  get call(): string {
    return "streamId" in this.coded ? `watch("${this.coded.streamId}", {` : "stream(content, {";
  }

  /** The source for an adapter. */
  get source(): string {
    return "streamId" in this.coded ? `{ watch: "${this.coded.streamId}" }` : "content";
  }

  get streamId(): string {
    return "streamId" in this.coded ? this.coded.streamId : "";
  }

  get session(): string {
    return "session" in this.coded ? this.coded.session : "";
  }

  get options(): [name: string, value: string][] {
    if ("streamId" in this.coded) return [["htmlMode", "incremental"]];
    const { contentType, speed, chunkBy, htmlMode } = this.coded;
    const all: [string, string][] = [["contentType", contentType], ["speed", speed], ["chunkBy", chunkBy]];
    return this.isText ? all : [...all, ["htmlMode", htmlMode]];
  }

  /** The options, each in a line. */
  lines(indent: string): string {
    return this.options.map(([name, value]) => `${indent}${name}: ${JSON.stringify(value)},\n`).join("");
  }

  get style(): string {
    return this.isText ? ' style="white-space: pre-wrap"' : "";
  }
}

const CODE: Record<Framework, (parts: Parts) => string> = {
  "Plain page": (parts) => `<article id="answer" dir="auto"${parts.style}></article>
<script type="module">
  import { StreamingClient, domRenderer } from "${parts.service}/static/client.js";

${parts.content("  ")}  const client = new StreamingClient(${parts.address});
  const renderer = domRenderer(document.querySelector("#answer"), ${parts.mode});
  client.${parts.call}
${parts.lines("    ")}    onChunk: renderer.append,
    onError: (error) => console.error(error.code, error.message),
  });
</script>
`,

  React: (parts) => `import { StreamingClient, domRenderer } from "streaming-content-client";
import { useStream } from "streaming-content-client/react";

${parts.content()}const client = new StreamingClient(${parts.address});
const options = {
${parts.lines("  ")}  render: domRenderer,
};

export function Answer() {
  const stream = useStream(client, ${parts.source}, options);
  return <article ref={stream.ref} dir="auto"${parts.isText ? ' style={{ whiteSpace: "pre-wrap" }}' : ""} aria-busy={stream.state === "streaming"} />;
}
`,

  Vue: (parts) => `<script setup>
import { StreamingClient, domRenderer } from "streaming-content-client";
import { useStream } from "streaming-content-client/vue";

${parts.content()}const client = new StreamingClient(${parts.address});
const { target, state } = useStream(client, ${parts.source}, {
${parts.lines("  ")}  render: domRenderer,
});
</script>

<template>
  <article ref="target" dir="auto"${parts.style} :aria-busy="state === 'streaming'" />
</template>
`,

  Svelte: (parts) => `<script>
  import { StreamingClient, domRenderer } from "streaming-content-client";
  import { streamStore } from "streaming-content-client/svelte";

${parts.content("  ")}  const client = new StreamingClient(${parts.address});
  const stream = streamStore(client, ${parts.source}, {
${parts.lines("    ")}    render: domRenderer,
  });
</script>

<article {@attach stream.show} dir="auto"${parts.style} aria-busy={$stream.state === "streaming"}></article>
`,

  Tiptap: (parts) => `import { StreamingClient } from "streaming-content-client";
import { tiptapRenderer } from "streaming-content-client/tiptap";

${parts.content()}const client = new StreamingClient(${parts.address});

export async function streamInto(editor) {
  const renderer = tiptapRenderer(editor, ${parts.mode});
  const stream = client.${parts.call}
${parts.lines("    ")}  });
  try {
    for await (const chunk of stream) renderer.append(chunk);
  } finally {
    renderer.stop();
  }
}
`,

  Node: (parts) => `import { StreamingClient } from "streaming-content-client"; // node 20: pass { WebSocket } of "ws"

${parts.content()}const client = new StreamingClient(${parts.address});
const stream = client.${parts.isLive ? `watch("${parts.streamId}");` : `${parts.call}\n${parts.lines("  ")}});`}
for await (const { data } of stream) process.stdout.write(data);
await client.close();
`,

  Python: (parts) => `import asyncio

from streaming_content import connect
${parts.isLive ? "" : `\nCONTENT = ${parts.text}\n`}

async def main() -> None:
    async with connect("${parts.service}"${parts.isLive ? `, "${parts.session}"` : ""}) as connection:
        stream = await connection.${parts.isLive ? `watch("${parts.streamId}")` : `request(\n            CONTENT,\n${keywords(parts)}        )`}
        async for chunk in stream:
            print(chunk.data, end="", flush=True)


asyncio.run(main())
`,
};

function keywords(parts: Parts): string {
  return parts.options
    .map(([name, value]) => `            ${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}=${JSON.stringify(value)},\n`)
    .join("");
}
