"""Tables in Markdown, and the blocks between markers that contain generated text."""

from collections.abc import Iterable, Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table with a line end after each row."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def codes(names: Iterable[str]) -> str:
    """The names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def with_blocks(path: str, blocks: Mapping[str, str]) -> str:
    """The text of a document with each block between ``<!-- name -->`` and ``<!-- /name -->``.

    Raises ``ValueError`` if the document has no such pair of lines.
    """
    text = (PROJECT / path).read_text()
    for name, block in blocks.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, begun, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not (begun and ended):
            raise ValueError(f"{path} needs {begin.strip()} and {end} on lines of their own.")
        text = f"{before}{begun}{block}{ended}{after}"
    return text
