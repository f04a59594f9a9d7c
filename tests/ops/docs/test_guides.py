"""The programs of the guides and of the tutorial are correct: their types, and what the back end publishes."""

import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from streaming_content import connect
from tests.conftest import PROJECT, StartServer
from tools.node import NODE

CLIENT = PROJECT / "clients/js"
GUIDES = [*sorted((PROJECT / "docs/how-to").glob("*.md")), *sorted((PROJECT / "docs/tutorial").glob("*.md"))]
UNTYPED = ("on type 'unknown'.", "on type 'Element'.")
"""The ends of errors of programs that are correct in JavaScript, where TypeScript would need an assertion."""


def blocks(guide: Path, *languages: str) -> list[str]:
    return re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```$", guide.read_text(), re.MULTILINE | re.DOTALL)


def test_programs_for_browsers_have_no_error_of_types(tmp_path: Path) -> None:
    """By the types of the client as it is built: a name or an option that does not exist is an error."""
    written = 0
    for guide in GUIDES:
        for number, text in enumerate(blocks(guide, "js", "jsx")):
            if "vite" in text or "./App.jsx" in text:
                continue  # of packages that are not installed here
            if "import" not in text:
                text = 'import { StreamingClient } from "streaming-content-client";\n' + text + "export {};\n"  # noqa: PLW2901
            (tmp_path / f"{guide.stem}-{number}.jsx").write_text(text)
            written += 1
    assert written >= 5
    (tmp_path / "others.d.ts").write_text('declare module "@tiptap/react";\ndeclare module "@tiptap/starter-kit";\n')
    types = {
        "streaming-content-client": "dist/streaming-content-client.d.ts",
        "streaming-content-client/*": "dist/streaming-content-*.d.ts",
        "react": "node_modules/@types/react",
        "react/*": "node_modules/@types/react/*",
        "@tiptap/core": "node_modules/@tiptap/core",
    }
    options = {
        "allowJs": True,
        "checkJs": True,
        "noEmit": True,
        "skipLibCheck": True,
        "strict": True,
        "noImplicitAny": False,
        "strictNullChecks": False,
        "jsx": "react-jsx",
        "module": "esnext",
        "moduleResolution": "bundler",
        "target": "es2022",
        "lib": ["es2022", "dom", "dom.iterable"],
        "types": [],
        "paths": {name: [str(CLIENT / path)] for name, path in types.items()},
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.jsx", "*.d.ts"]}))
    done = subprocess.run(
        [NODE, CLIENT / "node_modules/typescript/bin/tsc", "--project", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if "error TS" in line and not line.endswith(UNTYPED)]
    assert errors == []


async def test_the_back_end_of_the_guide_publishes_what_the_model_writes(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "of-the-back-end-1"
    server = start_server(PUBLISH_TOKEN=token)
    monkeypatch.setitem(os.environ, "PUBLISH_TOKEN", token)
    [program] = blocks(PROJECT / "docs/how-to/model.md", "python")
    names: dict[str, Any] = {}
    exec(program.replace("http://127.0.0.1:8000", server.url), names)
    answer: Callable[[str, AsyncIterator[str]], Awaitable[None]] = names["answer"]

    async def tokens() -> AsyncIterator[str]:
        for part in ("# Sto", "ry\n\n", "The **end**."):
            yield part

    async with connect(server.url, "demo") as reader:
        await answer("demo", tokens())
        stream = await reader.next_live()
        assert await stream.read() == "<h1>Story</h1><p>The <strong>end</strong>.</p>"
