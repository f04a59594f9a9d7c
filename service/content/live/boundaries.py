"""Where Markdown can be cut between blocks that are in no other, whatever follows it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from service.content.live.source_lines import SourceLines, line_starts
from service.content.live.top_level import Block, labels_of, top_level
from service.content.markdown.convert import PARSER
from service.content.markdown.formulas import hide_formulas
from service.content.markdown.masks import hide_characters
from service.content.markdown.reasoning import reasoning
from service.content.markdown.shapes import hide_shapes
from service.content.markdown.shield import Shield

_BLANK = re.compile(rb"[ \t]*\r?\n")
_DELIMITER_ROW = re.compile(rb"^[ \t>]*\|?[ \t]*:?-[ \t:|-]*$", re.MULTILINE)
_END_BY_THEMSELVES = frozenset({"Heading", "Rule", "FencedCode"})
_END_AT_BLANK_LINE = frozenset({"Paragraph", "Table", "BlockQuote"})
_DEFINITION = "Definition"
_COMPLETE_AT_END = _END_AT_BLANK_LINE | {"Heading", "Rule", _DEFINITION}
_MAY_CONTINUE_LIST = frozenset(" \t-*+0123456789<~")


class Part(NamedTuple):
    """Some blocks and what is between them, from ``start`` to ``end``, in characters of the source."""

    start: int
    end: int
    labels: frozenset[str]
    """What a later definition would make links."""
    is_final: bool
    """Whether nothing else that follows changes it, apart from HTML that it leaves open."""
    has_html: bool
    definitions: str
    """The source of the link reference definitions in it."""


def parts_of(source: str, definitions: str, tags: frozenset[str]) -> list[Part]:
    """Return the parts of ``source``, which ends at a boundary."""
    found = parts(f"{source}\n\n.\n", definitions, tags)
    return [part._replace(end=min(part.end, len(source))) for part in found if part.start < len(source)]


def parts(source: str, definitions: str, tags: frozenset[str]) -> list[Part]:
    """Return the parts of ``source`` up to its last boundary. ``definitions`` precede it."""
    lines = SourceLines(source)
    text = source.encode()
    prefix = definitions if "[" in source else ""
    boundaries: set[int] | None = None
    """Offsets of those in what the last text was made of: with reasoning and formulas."""
    if found := reasoning(source, tags, PARSER):
        uncertain = next((each.start for each in found if not each.is_certain), None)
        if uncertain is not None:
            return parts(text[:uncertain].decode(), definitions, tags) if uncertain else []
        boundaries = set(_Text(text, source, lines.starts).boundaries())
        removed = [(each.start, each.end) for each in found]
        lines.remove(text, removed)
        text = b"".join(text[end:start] for end, start in _kept(removed, len(text)))
    whole = prefix + text.decode()
    shield = Shield(whole)
    whole = hide_shapes(whole, shield)
    formulas: list[tuple[int, int]] = []
    hidden = hide_formulas(whole, shield, PARSER, formulas)
    hidden = hide_characters(hidden, shield)
    first = prefix.count("\n")
    if formulas or shield.less_than in hidden:
        # A tag that becomes text begins HTML where formulas are found.
        with_formulas = set(_Text(whole.encode(), source, lines.starts, first).boundaries())
        limit = _doubtful(whole.encode(), formulas, lines.starts, first)
        boundaries = {each for each in with_formulas if each <= limit and (boundaries is None or each in boundaries)}
        lines.remove(whole.encode(), formulas, first)
    read = _Text(hidden.encode(), source, lines.starts, first)
    return read.parts(boundaries)


def _kept(removed: list[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of what is between the removed parts."""
    copied = 0
    for start, end in removed:
        yield copied, start
        copied = end
    yield copied, length


def _doubtful(text: bytes, formulas: list[tuple[int, int]], starts: list[int], first: int) -> float:
    """Return the offset in the source of the first line with a formula that a later delimiter may change."""
    for start, end in formulas:
        inside = text[start + 1 : end - 1]
        if not text.startswith((b"$$", rb"\["), start) and (b"$$" in inside or rb"\[" in inside):
            return starts[text.count(b"\n", 0, start) - first]
    return float("inf")


class _Text:
    """A text that the parser reads, which is made of a source."""

    def __init__(self, text: bytes, source: str, starts: list[int], first: int = 0) -> None:
        """With the offset of each line in the source. The ``first`` lines are not of the source."""
        self._text = text
        self._source = source
        self._source_starts = starts
        self._first = first
        self._starts = line_starts(text)
        self._blocks = top_level(text)

    def boundaries(self) -> Iterator[int]:
        """Yield the offsets in the source at which a block certainly begins, or all are complete."""
        for line, _ in self._boundaries():
            yield self._source_starts[line - self._first]

    def parts(self, allowed: set[int] | None) -> list[Part]:
        """Return the parts that end at boundaries which are ``allowed``; ``None`` if all are."""
        nested = _nested_labels(self._text, self._blocks)
        found: list[Part] = []
        start = done = 0
        for line, number in self._boundaries():
            end = self._source_starts[line - self._first]
            blocks = self._blocks[done:number]
            if end <= start or (allowed is not None and end not in allowed) or _is_formula_open(blocks):
                continue
            labels = frozenset[str]().union(*(block.labels for block in blocks))
            is_final = all(block.is_final and nested.isdisjoint(block.references) for block in blocks)
            definitions = self._definitions(start, end, blocks) if "]:" in self._source[start:end] else ""
            has_html = any(block.has_html for block in blocks)
            found.append(Part(start, end, labels, is_final, has_html, definitions))
            start, done = end, number
        return found

    def _boundaries(self) -> Iterator[tuple[int, int]]:
        """Yield lines, with the number of blocks before each.

        The last line is one of them if it is blank, and nothing can continue what is before it.
        """
        first, starts = self._first, self._starts
        kind, end = _DEFINITION, starts[first]
        for number, block in enumerate(self._blocks):
            line = bisect_right(starts, block.start) - 1
            place = starts[line]
            if place >= end and line > first:
                for start in self._definition_lines(end, line):
                    if self._is_certain(_DEFINITION, start, kind):
                        yield start, number
                    kind = _DEFINITION
                is_first = not self._text[place : block.start].strip(b" \t")
                if is_first and self._is_certain(block.kind, line, kind):
                    yield line, number
            kind, end = block.kind, block.end
        last = len(starts) - 1
        for start in self._definition_lines(end, last + 1):
            if start > first and self._is_certain(_DEFINITION, start, kind):
                yield start, len(self._blocks)
            kind = _DEFINITION
        is_at_blank = last > first and self._is_blank(last - 1) and not self._text[starts[last] :].strip(b" \t\r")
        is_at_blank = is_at_blank and not (self._is_carriage_return(last - 1) and self._may_have_table(last))
        if is_at_blank and kind in _COMPLETE_AT_END:
            yield last, len(self._blocks)

    def _definition_lines(self, end: int, stop: int) -> Iterator[int]:
        """Yield the lines with definitions, after a block that ends at ``end`` and before the line ``stop``."""
        if not self._text[end : self._starts[stop] if stop < len(self._starts) else len(self._text)].strip():
            return
        first = bisect_left(self._starts, end)
        yield from (line for line in range(first, stop) if self._text[self._starts[line] : self._end(line)].strip())

    def _end(self, line: int) -> int:
        return self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)

    def _is_certain(self, kind: str, line: int, before: str) -> bool:
        """Return whether a block of ``kind`` begins with ``line`` in every continuation.

        ``before`` is the kind of what is before it.
        """
        is_complete = line + 1 < len(self._starts)
        if self._is_blank(line - 1):
            if self._is_carriage_return(line - 1) and self._may_have_table(line):
                return False
            ends = before in _COMPLETE_AT_END or before in _END_BY_THEMSELVES
            return ends or is_complete or self._first_character(line) not in _MAY_CONTINUE_LIST
        if before == _DEFINITION or self._may_have_table(line):
            return False
        if kind == "Table":  # a paragraph before it ends, which is known from the second line of the table
            is_complete = line + 2 < len(self._starts)
        return before in _END_BY_THEMSELVES or is_complete

    def _first_character(self, line: int) -> str:
        place = self._source_starts[line - self._first]
        return self._source[place : place + 1]

    def _is_blank(self, line: int) -> bool:
        return _BLANK.match(self._text, self._starts[line]) is not None

    def _is_carriage_return(self, line: int) -> bool:
        """Return whether a blank line has one: it is not blank for shapes.py."""
        return b"\r" in self._text[self._starts[line] : self._end(line)]

    def _may_have_table(self, line: int) -> bool:
        """Return whether shapes.py may count the cells of a table before ``line`` that it takes to continue."""
        place = self._starts[line]
        start = max(self._text.rfind(b"\n\n", 0, place), 0)
        return _DELIMITER_ROW.search(self._text, start, place) is not None

    def _definitions(self, start: int, end: int, blocks: list[Block]) -> str:
        """Return what is between the blocks of a part."""
        pieces: list[str] = []
        for block in blocks:
            line = bisect_right(self._starts, block.start) - 1 - self._first
            last = bisect_right(self._starts, max(block.start, block.end - 1)) - self._first
            pieces.append(self._source[start : self._source_starts[line]])
            start = self._source_starts[last] if last < len(self._source_starts) else end
        pieces.append(self._source[start:end])
        text = "".join(piece for piece in pieces if piece.strip()).strip()
        return f"{text}\n\n" if text else ""


def _nested_labels(text: bytes, blocks: list[Block]) -> frozenset[str]:
    """Return the labels that are defined in a block, and not before it in none."""
    nested: set[str] = set()
    for number, block in enumerate(blocks):
        if block.defines:
            ends = [0, *(each.end for each in blocks[:number])]
            starts = (each.start for each in blocks[: number + 1])
            between = b"\n".join(text[end:start] for end, start in zip(ends, starts, strict=True))
            nested |= block.defines - labels_of(between)
    return frozenset(nested)


def _is_formula_open(blocks: list[Block]) -> bool:
    """Return whether a formula may begin in ``blocks`` and end after them. No formula contains code or HTML."""
    is_open = False
    for block in blocks:
        is_open = block.opens_formula or (is_open and block.kind not in {"FencedCode", "HtmlBlock"})
    return is_open
