"""Opening of wrappers: a page inside a ``div`` becomes the blocks of the page.

What a wrapper passes on to its content (direction, language, colours, alignment) is repeated around the blocks that
were in it, without what belongs to its box (margins, borders, sizes). Blocks share these tags where they are shorter
than the tags, so that the result is at most three times as long. A small wrapper is a unit and remains.
"""

import re
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from service.content.chunking.layout import UNSUPPORTED, WRAPPERS, flows
from service.content.html.markup import TAG, VOID, WHITESPACE

LARGE_CHARACTERS = 1000
"""A wrapper of this length is opened."""
MAX_DEPTH = 128
"""Deeper HTML is left as it is: the sanitiser has a limit."""

ALLOWANCE_CHARACTERS = 20_000

_ATTRIBUTE = re.compile(r' ([a-z\-]+)="([^"]*)"')
_PASSED_ON = frozenset({"dir", "lang", "style", "title"})
_HEADER_CELL = re.compile(r"<th[ >]")
_OF_HEADER_CELLS = ("font-weight: bold", "text-align: center")
_DECLARATION_END = re.compile(r"(?<!&quot)(?<!&amp)(?<!&lt)(?<!&gt)(?<!&nbsp);")
_OF_A_UNIT = re.compile(r' (?:class|colspan|rowspan|colwidth|data-[a-z\-]+)="')
"""An element with one of these means something: it is a callout, or a cell of a table with columns."""
_ONLY_IMAGES = re.compile(r"(?=.*?<img )(?:<(?!br|input|[^>]* data-)[^>]*+>|\s)*", re.DOTALL)
_BLANK = re.compile(r"(?:&nbsp;|\s|<(?!img|hr|input|table)[^>]*+>)*")
_PLACES_CONTENT = re.compile(r"<table(?: [^>]*+)?><tbody(?: [^>]*+)?><tr(?: [^>]*+)?><td[ >]")
_OF_THE_BOX = re.compile(
    r"\s*(?:\Z|margin|padding|border|(?:min-|max-)?(?:width|height)|vertical-align|table-layout|empty-cells|caption-side)"
)


def is_to_be_read(html: str, name: str, start: int, end: int) -> bool:
    """Return whether an element that is in no other may differ in the result of ``opened``."""
    return name in UNSUPPORTED or (
        name == "table" and end - start >= LARGE_CHARACTERS and _PLACES_CONTENT.match(html, start) is not None
    )


def opened(html: str) -> str:
    """Return ``html`` with its wrappers opened, and with paragraphs for text that is in no block."""
    return _Opener(html).result()


def paragraph(run: str) -> str:
    """Return a run of text, images and inline elements as a paragraph; only images are blocks without one."""
    text = run.strip(WHITESPACE)
    is_whole = not text or _ONLY_IMAGES.fullmatch(text) is not None or text.count("</") > MAX_DEPTH < _depth(text)
    return text if is_whole else f"<p>{text}</p>"


def _depth(html: str) -> int:
    steps = (-1 if tag[1] else tag[2] not in VOID for tag in TAG.finditer(html))
    return max(accumulate(steps), default=0)


class _Node(NamedTuple):
    """An element, or the text between two, in ``[start, end)``."""

    start: int
    end: int
    tag: int
    """The index of the start tag; -1 for text."""


class _Part(NamedTuple):
    """A wrapper, and the start tags that are repeated around its content."""

    node: _Node
    passed: str


class _Opener:
    def __init__(self, html: str) -> None:
        self._html = html
        self._tags = list(TAG.finditer(html))
        self._ends = array("i", range(len(self._tags)))
        """For each start tag the index of its end tag, or its own if the element is void."""
        self._depth = 0
        open_tags: list[int] = []
        for index, tag in enumerate(self._tags):
            if tag[1]:
                self._ends[open_tags.pop()] = index
            elif tag[2] not in VOID:
                open_tags.append(index)
                self._depth = max(self._depth, len(open_tags))
        self._allowance = len(html) + ALLOWANCE_CHARACTERS
        """Characters that tags around less than their own length may still add."""

    def result(self) -> str:
        if self._depth > MAX_DEPTH:
            return self._html
        return self._blocks(self._nodes(0, len(self._tags), 0, len(self._html)), "")

    def _nodes(self, tag: int, last: int, start: int, end: int) -> Iterator[_Node]:
        """Yield the nodes in ``[start, end)``, where the tags are ``[tag, last)``."""
        while tag < last:
            first = self._tags[tag].start()
            if start < first:
                yield _Node(start, first, -1)
            start = self._tags[self._ends[tag]].end()
            yield _Node(first, start, tag)
            tag = self._ends[tag] + 1
        if start < end:
            yield _Node(start, end, -1)

    def _inside(self, node: _Node) -> Iterator[_Node]:
        last = self._ends[node.tag]
        return self._nodes(node.tag + 1, last, self._tags[node.tag].end(), self._tags[last].start())

    def _name(self, node: _Node) -> str:
        return "" if node.tag < 0 else self._tags[node.tag][2]

    def _blocks(self, nodes: Iterator[_Node], opening: str, *, in_table: bool = False) -> str:
        """Return ``nodes`` as blocks between the tags of ``opening``."""
        groups = _Groups(opening, in_table=in_table)
        self._add(nodes, groups)
        return groups.joined()

    def _add(self, nodes: Iterator[_Node], groups: "_Groups") -> None:
        run: list[_Node] = []
        for node in nodes:
            if node.tag < 0 or flows(self._html, self._name(node), node.start, node.end):
                run.append(node)
                continue
            self._add_run(run, groups)
            run = []
            if self._tags[node.tag][0] == "<div>":
                self._add(self._inside(node), groups)
            elif (inside := self._opened(node, groups)) is not None:
                groups.add_between(inside)
            else:
                groups.add(self._whole(node))
        self._add_run(run, groups)

    def _add_run(self, run: list[_Node], groups: "_Groups") -> None:
        if run:
            groups.add(paragraph(self._html[run[0].start : run[-1].end]))

    def _whole(self, node: _Node) -> str:
        """Return a block that is not opened."""
        tag = self._tags[node.tag]
        if tag[2] not in UNSUPPORTED or " data-" in tag[0]:
            return self._html[node.start : node.end]
        return f"{tag[0]}{self._blocks(self._inside(node), '')}</{tag[2]}>"

    def _opened(self, node: _Node, groups: "_Groups") -> str | None:
        """Return the content of a wrapper with what is repeated around it; ``None`` if it is not to be opened."""
        parts = self._parts(node, groups)
        added = groups.overhead + sum(_overhead(groups.opening + part.passed) for part in parts)
        if not parts or added > self._allowance:
            return None
        self._allowance -= added
        return "".join(
            self._blocks(self._inside(part.node), groups.opening + part.passed, in_table=part.node != node)
            for part in parts
        )

    def _parts(self, node: _Node, groups: "_Groups") -> list[_Part]:
        """Return what is to be opened of an element: itself, or the cells of a table; nothing if it is a unit."""
        tag = self._tags[node.tag]
        is_large = node.end - node.start >= LARGE_CHARACTERS
        if _OF_A_UNIT.search(tag[0]):
            return []
        if tag[2] in WRAPPERS:
            return [_Part(node, _passed_on(tag[0]))] if is_large else []
        return self._cells(node, groups) if tag[2] == "table" and (is_large or groups.in_table) else []

    def _cells(self, table: _Node, groups: "_Groups") -> list[_Part]:
        """Return the cells of a table that only places its content: with one cell in each row that is not blank."""
        cells: list[_Part] = []
        of_table = _passed_on(self._tags[table.tag][0])
        for section in self._inside(table):
            if self._name(section) != "tbody":
                return []
            of_section = _passed_on(self._tags[section.tag][0])
            for row in self._inside(section):
                cell = self._only_cell(row)
                if cell is None or (self._name(cell) == "th" and not groups.in_table):
                    return []
                of_cell = _passed_on(self._tags[row.tag][0]) + _passed_on(self._tags[cell.tag][0])
                cells.append(_Part(cell, of_table + of_section + of_cell))
        return cells

    def _only_cell(self, row: _Node) -> _Node | None:
        cells = list(self._inside(row))
        if len(cells) > 1:
            cells = [cell for cell in cells if _BLANK.fullmatch(self._html, cell.start, cell.end) is None] or cells[:1]
        is_single = len(cells) == 1 and _OF_A_UNIT.search(self._tags[cells[0].tag][0]) is None
        return cells[0] if is_single else None


class _Groups:
    """Blocks in groups, with repeated tags around each group that are not longer than it, except around the last."""

    def __init__(self, opening: str, *, in_table: bool = False) -> None:
        self.opening = opening
        self.in_table = in_table
        """Whether the blocks were in a table that only placed them; then so does a small table."""
        self._closing = _closing(opening)
        self.overhead = _overhead(opening)
        """Length of the tags around a group."""
        self._pieces: list[str] = []
        self._group: list[str] = []
        self._size = 0

    def add(self, block: str) -> None:
        self._group.append(block)
        self._size += len(block)
        if self._size >= self.overhead:
            self._end_group()

    def add_between(self, blocks: str) -> None:
        """Add blocks that have the tags around them already."""
        self._end_group()
        self._pieces.append(blocks)

    def joined(self) -> str:
        self._end_group()
        return "".join(self._pieces)

    def _end_group(self) -> None:
        if self._size:
            self._pieces += self.opening, *self._group, self._closing
        self._group.clear()
        self._size = 0


def _closing(opening: str) -> str:
    return "</div>" * opening.count("<")


def _overhead(opening: str) -> int:
    return len(opening) + len(_closing(opening))


def _passed_on(tag: str) -> str:
    """Return a tag with what the element of ``tag`` passes on to its content; empty if that is nothing."""
    values = dict(_ATTRIBUTE.findall(tag))
    declarations: dict[str, str] = {}
    align = f"text-align: {values['align']}" if "align" in values else ""
    for declaration in (
        *(_OF_HEADER_CELLS if _HEADER_CELL.match(tag) else ()),
        align,
        *_DECLARATION_END.split(values.get("style", "")),
    ):
        if not _OF_THE_BOX.match(declaration):
            name = declaration.partition(":")[0].strip()
            declarations.pop(name, None)  # the last one applies, and is written last
            declarations[name] = declaration.strip()
    values["style"] = "; ".join(declarations.values())
    attributes = "".join(f' {name}="{value}"' for name, value in values.items() if name in _PASSED_ON and value)
    return f"<div{attributes}>" if attributes else ""
