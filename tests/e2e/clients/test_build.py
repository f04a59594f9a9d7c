"""The built client is small, has no dependencies and compiles against its types."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT, environment
from tools.node import NODE

CLIENT = PROJECT / "clients/js"
PACKAGE = json.loads((CLIENT / "package.json").read_text())
LARGEST_CLIENT = 9
"""KiB, packed by gzip, of the client in a bundle, without the renderer for a page."""
LIMITS = {
    ".": 9.9,
    "./announce": 1,
    "./lexical": 3.2,
    "./parallel": 1.2,
    "./prosemirror": 3.2,
    "./quill": 2.2,
    "./react": 1,
    "./storage": 1.7,
    "./svelte": 1,
    "./textarea": 2.5,
    "./tiptap": 3,
    "./vue": 1,
}
"""KiB, packed by gzip, of each entry without the name of its source map, which is not in a bundle."""

PROGRAM = """
import { domRenderer, StreamingClient, StreamingError } from "streaming-content-client";
import type { Chunk, ProducerState, QuotaKind } from "streaming-content-client";
import { parallel } from "streaming-content-client/parallel";
import { useStream, type UseStreamOptions } from "streaming-content-client/react";
import { persist, recover, save, type Saved } from "streaming-content-client/storage";
import { streamStore } from "streaming-content-client/svelte";
import { tiptapRenderer } from "streaming-content-client/tiptap";
import { useStream as useVue } from "streaming-content-client/vue";
const client = new StreamingClient("https://service.example", {
  backOff: { attempts: 3 },
  getToken: async () => (await fetch("/token")).text(),
  tokenCarrier: "subprotocol",
});
const quota = (error: unknown): QuotaKind | undefined => (error instanceof StreamingError ? error.scope : undefined);
const ends: Date | undefined = client.session?.tokenExpiresAt;
const stream = client.stream("x", { contentType: "html", htmlMode: "incremental", onChunk: (chunk: Chunk) => {} });
stream.retry();
client.retry();
const next: Date | undefined = client.retryAt;
// @ts-expect-error there is no such option
new StreamingClient("https://service.example", { sesionId: "x" });
const left: number | undefined = client.session?.requestsLeft;
// @ts-expect-error there is no such speed
client.stream("x", { speed: "warp" });
const several = new StreamingClient("https://service.example", { pool: parallel(3, { rollover: () => "next" }) });
const saved: Saved = save(client);
const back: string[] = recover(several, saved).map(({ htmlMode }) => htmlMode);
persist(several, { kept: true }).then((streams) => streams.map(({ requestId }) => back.push(requestId)));
const off: () => void = stream.on("end", ({ totalChunks }) => totalChunks.toFixed());
// @ts-expect-error there is no such event
client.on("close", () => {});
const live = client.watch("id", { settled: 3, onProducer: (state: ProducerState) => {} });
const settled: number = live.settled;
// @ts-expect-error what the client does with a stream is not for its users
stream.take({ data: "x", index: 0, timestamp: "" });
const { ref, state }: { ref: (element: HTMLElement | null) => void; state: string } = useStream(client, "x", {
  render: domRenderer,
});
const inEditor = useStream(client, { watch: "id" }, { settled: 3, render: tiptapRenderer, target: null });
const options: UseStreamOptions<Element> = { contentType: "markdown", render: domRenderer, after: Promise.resolve() };
useStream(client, null, { ...options, id: "answer" });
// @ts-expect-error a page renderer needs an element
useStream(client, live, { render: domRenderer, target: 3 });
const fromVue: number = useVue(client, () => null, { htmlMode: "incremental" }).received.value;
const stop: () => void = streamStore(client, "x").subscribe(({ content }) => content.length);
export { fromVue, inEditor, ref, state, stop };
export { back, domRenderer, ends, left, next, off, quota, settled, StreamingError };
"""


def run(*arguments: str | Path, cwd: Path = PROJECT) -> None:
    done = subprocess.run([NODE, *arguments], cwd=cwd, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def build_of(entry: str) -> Path:
    return CLIENT / str(PACKAGE["exports"][entry]["default"])


def test_each_entry_has_a_limit_of_its_size() -> None:
    assert LIMITS.keys() == PACKAGE["exports"].keys() - {"./package.json"}


@pytest.mark.parametrize("entry", LIMITS)
def test_each_entry_is_small(entry: str) -> None:
    code = re.sub(r"//# source.*\n", "", build_of(entry).read_text())
    assert len(gzip.compress(code.encode(), mtime=0)) < LIMITS[entry] * 1024


def test_a_bundle_with_the_client_alone_is_small(tmp_path: Path) -> None:
    program, bundle = tmp_path / "program.mjs", tmp_path / "bundle.js"
    contents = f'export {{ StreamingClient, StreamingError }} from "{build_of(".")}"'
    options = {
        "stdin": {"contents": contents, "resolveDir": str(tmp_path)},
        "outfile": str(bundle),
        "bundle": True,
        "minify": True,
        "format": "esm",
        "target": "es2022",
    }
    program.write_text(
        f'import {{ build }} from "{CLIENT}/node_modules/esbuild/lib/main.js"; await build({json.dumps(options)});'
    )
    run(program)
    assert len(gzip.compress(bundle.read_bytes(), mtime=0)) < LARGEST_CLIENT * 1024


def test_the_readme_names_each_entry_and_its_size() -> None:
    rows = re.findall(r"^\| (`\.\S*`.*?) \|.*\| < ([\d.]+) \|$", (CLIENT / "README.md").read_text(), re.MULTILINE)
    assert {entry: float(size) for entries, size in rows for entry in re.findall(r"`(.+?)`", entries)} == LIMITS


def test_it_has_no_dependencies() -> None:
    assert "dependencies" not in PACKAGE
    assert "import " not in build_of(".").read_text()
    locked = json.loads((CLIENT / "package-lock.json").read_text())["packages"]
    assert all(entry["dev"] and "integrity" in entry for name, entry in locked.items() if name)


@pytest.mark.parametrize(
    ("name", "module", "resolution"),
    [("program.ts", "esnext", "bundler"), ("program.mts", "node16", "node16"), ("program.cts", "node16", "node16")],
)
def test_a_program_compiles_against_its_types(tmp_path: Path, name: str, module: str, resolution: str) -> None:
    (tmp_path / name).write_text(PROGRAM)
    installed = tmp_path / "node_modules/streaming-content-client"
    installed.parent.mkdir()
    installed.symlink_to(CLIENT)
    strict = ["--strict", "--noEmit", "--target", "es2022", "--module", module, "--moduleResolution", resolution]
    run(CLIENT / "node_modules/typescript/bin/tsc", *strict, name, cwd=tmp_path)


def test_each_source_map_names_existing_sources() -> None:
    for path in (CLIENT / "dist").glob("*.js"):
        assert path.read_text().endswith(f"//# sourceMappingURL={path.name}.map\n")
        mapped = json.loads(path.with_name(f"{path.name}.map").read_text())
        for source, content in zip(mapped["sources"], mapped["sourcesContent"], strict=True):
            assert (CLIENT / "dist" / source).read_text() == content
