"""The steps of a tutorial: its commands and its files, in their order."""

import re
from collections.abc import Iterator

from msgspec import Struct

_FENCE = re.compile(r"^(?:`(?P<path>[^`\n]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(Struct, frozen=True):
    """A block of shell."""

    text: str


class Write(Struct, frozen=True):
    """A file whose whole content is a block."""

    path: str
    text: str


def steps(markdown: str) -> Iterator[Command | Write]:
    """Raises ``ValueError`` for a block that is neither shell nor a file: readers could not use it."""
    for block in _FENCE.finditer(markdown):
        if block["path"]:
            yield Write(block["path"], block["text"])
        elif block["language"] == "sh":
            yield Command(block["text"])
        else:
            raise ValueError(f"This block has no path: {block['text'][:80]}")
