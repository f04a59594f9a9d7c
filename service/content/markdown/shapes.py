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


def hide_shapes(markdown: str, shield: Shield) -> str:
    """Return ``markdown`` without the markers of too deep containers and of tables with too many missing cells."""
    hidden = _DEEP.sub(rf"\g<0>{shield.joiner}", markdown)
    if "|" in hidden:
        hidden = _hide_tables(hidden, shield)
    if hidden is not markdown:
        shield.is_used = True
    return hidden


def _hide_tables(markdown: str, shield: Shield) -> str:
    pieces: list[str] = []
    copied = end = written = added = 0
    for row in _DELIMITER_ROW.finditer(markdown):
        if row.start() < end:  # in the table before
            continue
        found = _END_OF_TABLE.search(markdown, row.end())
        end = found.start() if found else len(markdown)
        rows = markdown.count("\n", row.end(), end)
        columns, cells = row[0].count("|"), markdown.count("|", row.end(), end)
        written += columns + cells
        lacks = rows * columns - cells
        if lacks > 0:
            added += lacks
        if lacks > 0 and added > MAX_ADDED_CELLS + written:
            pieces += markdown[copied : row.end("before")], shield.joiner
            copied = row.end("before")
    return "".join([*pieces, markdown[copied:]]) if pieces else markdown
