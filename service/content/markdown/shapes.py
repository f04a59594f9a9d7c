"""Shapes that make the parser's result much larger than the document. They are hidden, and so become text."""

import re

from service.content.markdown.shield import Shield

MAX_DEPTH = 100
"""Quotations and lists that one line may open: each is one or two elements, of which HTML may have 256."""
MAX_ADDED_CELLS = 1000
"""Cells that the rows of a document may lack, in addition to as many as its tables have. The parser adds them."""

_MARKER = r"(?:>|(?:[-*+]|[0-9]{1,9}[.)])(?=[ \t]))[ \t]*+"
_RULE = r"(?:[ \t]*+\*)+[ \t]*+$|(?:[ \t]*+-)+[ \t]*+$"
_DEEP = re.compile(rf"^(?!{_RULE})[ \t]*+(?:{_MARKER}){{{MAX_DEPTH}}}(?={_MARKER})", re.MULTILINE)
_CELL = r"[ \t]*+:?-++:?[ \t]*+"
_DELIMITER_ROW = re.compile(rf"^(?P<before>[ \t>]*+\|?)(?=[ \t]*+:?-){_CELL}(?:\|{_CELL})*\|?[ \t]*+$", re.MULTILINE)
_END_OF_TABLE = re.compile(r"\n[ \t>]*+(?:\n|\Z)")


class Cells:
    """The cells of the tables so far, where a document is read in parts."""

    def __init__(self, written: int = 0, added: int = 0) -> None:
        self.written = written
        self.added = added


def hide_shapes(markdown: str, shield: Shield, cells: Cells | None = None) -> str:
    """Return ``markdown`` without the markers of too deep containers and of tables with too many missing cells.

    ``cells`` has those of the parts before it, and is updated.
    """
    hidden = _DEEP.sub(rf"\g<0>{shield.joiner}", markdown)
    if "|" in hidden:
        hidden = _hide_tables(hidden, shield, cells or Cells())
    if hidden is not markdown:
        shield.is_used = True
    return hidden


def _hide_tables(markdown: str, shield: Shield, before: Cells) -> str:
    pieces: list[str] = []
    copied = end = 0
    for row in _DELIMITER_ROW.finditer(markdown):
        if row.start() < end:  # in the table before
            continue
        found = _END_OF_TABLE.search(markdown, row.end())
        end = found.start() if found else len(markdown)
        rows = markdown.count("\n", row.end(), end)
        columns, cells = row[0].count("|"), markdown.count("|", row.end(), end)
        before.written += columns + cells
        lacks = rows * columns - cells
        if lacks > 0:
            before.added += lacks
        if lacks > 0 and before.added > MAX_ADDED_CELLS + before.written:
            pieces += markdown[copied : row.end("before")], shield.joiner
            copied = row.end("before")
    return "".join([*pieces, markdown[copied:]]) if pieces else markdown
