"""The official AsyncAPI parser, in one node process."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import environment
from tools.node import NODE

_FOLDER = Path(__file__).parent

Json = dict[str, Any]


class Parser:
    """Parses one document after the other; starting node and loading the parser takes longer than a document."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [NODE, "parse.mjs"],
            cwd=_FOLDER,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def parse(self, document: Json) -> Json:
        """Return ``found``, what the parser sees in the document, and ``errors``, a sentence for each."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(document), file=self._process.stdin, flush=True)
        result: Json = json.loads(self._process.stdout.readline())
        return result

    def close(self) -> None:
        self._process.communicate()


def matches_in_javascript(pattern: str, texts: list[str]) -> list[bool]:
    """Whether each text matches the pattern, as a JSON schema validator in JavaScript reads it."""
    matches = f"(text) => new RegExp({json.dumps(pattern)}, 'u').test(text)"
    script = f"JSON.stringify({json.dumps(texts)}.map({matches}))"
    output = subprocess.run([NODE, "--print", script], env=environment(), check=True, stdout=subprocess.PIPE).stdout
    result: list[bool] = json.loads(output)
    return result
