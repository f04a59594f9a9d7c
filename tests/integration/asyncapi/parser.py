"""The official parser, in node."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import environment

FOLDER = Path(__file__).parent
NODE = Path(sys.executable).parent / "node"

Json = dict[str, Any]


def parsed(document: Json) -> Json:
    """``found``: what the parser sees in the document; ``against``: a sentence for each thing that is wrong with it."""
    answer: Json = json.loads(_node(["parse.mjs"], json.dumps(document)))
    return answer


def fits_in_javascript(pattern: str, texts: list[str]) -> list[bool]:
    """Whether each text fits the pattern, as a JSON schema's validator in JavaScript reads it."""
    fits = f"(text) => new RegExp({json.dumps(pattern)}, 'u').test(text)"
    answer: list[bool] = json.loads(_node(["--print", f"JSON.stringify({json.dumps(texts)}.map({fits}))"]))
    return answer


def _node(arguments: list[str], given: str = "") -> str:
    command = [str(NODE), *arguments]
    return subprocess.run(
        command, cwd=FOLDER, env=environment(), input=given, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
