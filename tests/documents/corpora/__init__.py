"""Documents of three kinds in large numbers: Markdown of packages, demo pages of editors, e-mails. See README.md."""

import gzip
import json
import re
from pathlib import Path
from typing import NamedTuple

from service.protocol.messages import ContentType

_HERE = Path(__file__).parent
_PROJECT = _HERE.parents[2]
_PACKAGES = ("tests/e2e/node", "tests/integration/asyncapi", "clients/js", "clients/page")
_NAMES = re.compile(r"(?:README|CHANGELOG|HISTORY)\.md", re.IGNORECASE)
_MIN_CHARACTERS, _MAX_CHARACTERS = 200, 20_000
_README_COUNT = 210


class Document(NamedTuple):
    name: str
    content: str
    content_type: ContentType


def readmes() -> list[Document]:
    """Markdown of the installed node packages, in the order of their paths, without duplicates."""
    found: dict[str, Document] = {}
    for package in _PACKAGES:
        for path in sorted((_PROJECT / package / "node_modules").rglob("*.md")):
            if _NAMES.fullmatch(path.name):
                content = path.read_text(errors="replace")
                if _MIN_CHARACTERS <= len(content) <= _MAX_CHARACTERS:
                    name = path.relative_to(_PROJECT).as_posix()
                    found.setdefault(content, Document(name, content, ContentType.MARKDOWN))
    return list(found.values())[:_README_COUNT]


def demos() -> list[Document]:
    parts = re.split(r"^=== (.+)\n", (_HERE / "demos.txt").read_text(), flags=re.MULTILINE)[1:]
    return [Document(name, html, ContentType.HTML) for name, html in zip(parts[::2], parts[1::2], strict=True)]


def mails() -> list[Document]:
    lines = map(json.loads, gzip.decompress((_HERE / "mails.jsonl.gz").read_bytes()).decode().splitlines())
    return [Document(line["name"], line["html"], ContentType.HTML) for line in lines]
