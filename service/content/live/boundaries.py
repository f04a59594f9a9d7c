"""Where Markdown can be cut between blocks that are in no other, whatever follows it."""

import re
from bisect import bisect_right
from typing import NamedTuple

from service.content.live.top_level import Block, top_level
from service.content.markdown.convert import PARSER
from service.content.markdown.formulas import hide_formulas
from service.content.markdown.masks import hide_characters
from service.content.markdown.reasoning import reasoning
from service.content.markdown.shapes import hide_shapes
from service.content.markdown.shield import Shield

_BLANK = re.compile(rb"[ \t]*\r?\n")
_LINE = re.compile("\n")
_DELIMITER_ROW = re.compile(rb"^[ \t>]*\|?[ \t]*:?-[ \t:|-]*$", re.MULTILINE)
_END_BY_THEMSELVES = frozenset({"Heading", "Rule", "FencedCode"})
_END_AT_BLANK_LINE = frozenset({"Paragraph", "Table", "BlockQuote"})
_CONTINUES_AFTER_BLANK_LINE = re.compile(rb"[ \t\-*+0-9<]")


class Part(NamedTuple):
    """The blocks up to a boundary: what begins at ``start`` ends at ``end``, in characters of the source."""

    start: int
    end: int
    labels: frozenset[str]
    """What a later definition would make links."""
    is_final: bool
    kind: str
    definitions: str
    """The source of link reference definitions in it."""


class _Lines:
    """The lines of a text, and for each the offset of its start in the source."""

    def __init__(self, source: str) -> None:
        self.starts = [0, *(found.end() for found in _LINE.finditer(source))]
        """In characters of the source."""

    def without(self, text: bytes, removed: list[tuple[int, int]]) -> None:
        """Forget the lines of ``text`` that begin in what is removed from it."""
        starts = _starts(text)
        kept: list[int] = []
        place = 0
        for number, start in enumerate(starts):
            while place < len(removed) and removed[place][1] < start:
                place += 1
            if place == len(removed) or not removed[place][0] < start <= removed[place][1]:
                kept.append(number)
        self.starts = [self.starts[number] for number in kept]


def _starts(text: bytes) -> list[int]:
    starts = [0]
    place = text.find(b"\n")
    while place >= 0:
        starts.append(place + 1)
        place = text.find(b"\n", place + 1)
    return starts


def parts_of(source: str, definitions: str, tags: frozenset[str]) -> list[Part]:
    """Return the parts of ``source``, which ends at a boundary."""
    found = parts(f"{source}\n\n.\n", definitions, tags)
    return [part._replace(end=min(part.end, len(source))) for part in found if part.start < len(source)]


def parts(source: str, definitions: str, tags: frozenset[str]) -> list[Part]:
    """Return the parts of ``source`` up to its last boundary. ``definitions`` precede it."""
    lines = _Lines(source)
    text = source.encode()
    allowed: set[int] | None = None
    """Offsets in the source that are boundaries in the texts that it was before it became the last one."""
    limit = len(source)
    found = reasoning(source, tags, PARSER)
    if found:
        allowed = {lines.starts[line] for line, _ in _boundaries(text, top_level(text), 0) if line < len(lines.starts)}
        uncertain = next((each for each in found if not each.is_certain), None)
        if uncertain is not None:
            limit = len(text[: uncertain.start].decode())
        removed = [(each.start, each.end) for each in found]
        lines.without(text, removed)
        text = _without(text, removed)
    prefix = definitions if "[" in source else ""
    whole = prefix + text.decode()
    shield = Shield(whole)
    whole = hide_shapes(whole, shield)
    formulas: list[tuple[int, int]] = []
    hidden = hide_formulas(whole, shield, PARSER, formulas)
    if formulas:
        first = len(_starts(prefix.encode())) - 1
        shown = whole.encode()
        offsets = {
            lines.starts[line - first]
            for line, _ in _boundaries(shown, top_level(shown), first)
            if first <= line < first + len(lines.starts)
        }
        allowed = offsets if allowed is None else allowed & offsets
        lines.starts = [*range(-first, 0), *lines.starts]
        lines.without(shown, formulas)
        lines.starts = lines.starts[first:]
    return _parts(source, hide_characters(hidden, shield).encode(), lines.starts, prefix, allowed, limit)


def _without(text: bytes, removed: list[tuple[int, int]]) -> bytes:
    kept: list[bytes] = []
    copied = 0
    for start, end in removed:
        kept.append(text[copied:start])
        copied = end
    return b"".join([*kept, text[copied:]])


def _parts(
    source: str, hidden: bytes, starts: list[int], prefix: str, allowed: set[int] | None, limit: int
) -> list[Part]:
    first = prefix.count("\n")
    blocks = top_level(hidden)
    line_starts = _starts(hidden)
    found: list[Part] = []
    start = 0
    done = 0
    for line, number in _boundaries(hidden, blocks, first):
        end = starts[line - first] if line - first < len(starts) else len(source)
        if end > limit:
            break
        if end <= start or (allowed is not None and end not in allowed):
            continue
        some = blocks[done:number]
        if _is_formula_open(some):
            continue
        labels = frozenset().union(*(block.labels for block in some))
        definitions = _definitions(source, start, end, hidden, some, line_starts, starts, first)
        found.append(
            Part(
                start,
                end,
                labels,
                all(block.is_final for block in some),
                some[0].kind if some else "",
                definitions,
            )
        )
        start, done = end, number
    return found


def _is_formula_open(blocks: list[Block]) -> bool:
    """Return whether a formula may begin in ``blocks`` and end after them. No formula contains code or HTML."""
    is_open = False
    for block in blocks:
        is_open = block.opens_formula or (is_open and block.kind not in ("FencedCode", "HtmlBlock"))
    return is_open


def _definitions(
    source: str,
    start: int,
    end: int,
    hidden: bytes,
    blocks: list[Block],
    line_starts: list[int],
    starts: list[int],
    first: int,
) -> str:
    """Return what is between the blocks of a part."""
    if "]:" not in source[start:end]:
        return ""
    pieces: list[str] = []
    copied = start
    for block in blocks:
        line = bisect_right(line_starts, block.start) - 1 - first
        last = bisect_right(line_starts, max(block.start, block.end - 1)) - first
        pieces.append(source[copied : starts[line]])
        copied = starts[last] if last < len(starts) else len(source)
    pieces.append(source[min(copied, end) : end])
    text = "".join(piece for piece in pieces if piece.strip())
    return f"{text.strip()}\n\n" if text else ""


def _boundaries(text: bytes, blocks: list[Block], first: int) -> list[tuple[int, int]]:
    """Return the lines that certainly begin a block, and the number of blocks before each. Not before line ``first``.

    The line after the last one is one of them where all blocks are complete.
    """
    found: list[tuple[int, int]] = []
    line_starts = _starts(text)
    before = "Gap"
    end = line_starts[first]
    for number, block in enumerate(blocks):
        line = bisect_right(line_starts, block.start) - 1
        place = line_starts[line]
        if place >= end and line > first and not text[place : block.start].strip(b" \t"):
            kind = "Gap" if text[end:place].strip() else before
            if _is_certain(text, kind, line, line_starts):
                found.append((line, number))
        before, end = block.kind, block.end
    kind = "Gap" if text[end:].strip() else before
    last = len(line_starts) - 1
    ends = last > first and not text[line_starts[last] :].strip(b" \t") and _is_blank(text, line_starts[last - 1])
    if ends and kind in (_END_AT_BLANK_LINE | {"Heading", "Rule", "Gap"}):
        found.append((last, len(blocks)))
    return found


def _is_certain(text: bytes, kind: str, line: int, line_starts: list[int]) -> bool:
    """Return whether the block that begins with ``line`` does so in every continuation, after one of ``kind``."""
    place = line_starts[line]
    if b"\r" in text and _has_table(text, place):
        return False
    if _is_blank(text, line_starts[line - 1]):
        if kind in _END_AT_BLANK_LINE or kind in _END_BY_THEMSELVES or kind == "Gap":
            return True
        return line + 1 < len(line_starts) or _CONTINUES_AFTER_BLANK_LINE.match(text, place) is None
    if kind == "Gap" or _has_table(text, place):
        return False
    return kind in _END_BY_THEMSELVES or line + 1 < len(line_starts)


def _is_blank(text: bytes, place: int) -> bool:
    return _BLANK.match(text, place) is not None


def _has_table(text: bytes, place: int) -> bool:
    """Return whether a table may be in the lines before ``place`` since the last blank line."""
    start = max(text.rfind(b"\n\n", 0, place), 0)
    return _DELIMITER_ROW.search(text, start, place) is not None
