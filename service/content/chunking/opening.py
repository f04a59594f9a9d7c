"""Opening of wrappers: a page inside a ``div`` becomes the blocks of the page.

What a wrapper passes on to its content (direction, language, colours, alignment) is repeated around the blocks that
were in it, without what belongs to its box (margins, borders, sizes). Blocks share these tags where they are shorter
than the tags, so that the result is at most three times as long. A small wrapper is a unit and remains.
"""

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from service.content.chunking.layout import UNSUPPORTED, WRAPPERS, flows
from service.content.chunking.passed_on import passed_on
from service.content.html.markup import TAG, VOID, WHITESPACE, tag_name

LARGE_CHARACTERS = 1000
"""A wrapper of this length is opened."""
MAX_DEPTH = 128
"""What is in more elements is left as it is: the sanitiser has a limit."""

ALLOWANCE_CHARACTERS = 20_000
_MAX_PIECES = 512

_OF_A_UNIT = re.compile(r' (?:class|colspan|rowspan|colwidth|data-[a-z\-]+)="')
_ONLY_IMAGES = re.compile(r"(?=.*?<img )(?:<(?!br|input|[^>]* data-)[^>]*+>|\s)*", re.DOTALL)
_BLANK = re.compile(r"(?:&nbsp;|\s|<(?!img|hr|input|table)[^>]*+>)*")
_PLACES_CONTENT = re.compile(r"<table(?: [^>]*+)?><tbody(?: [^>]*+)?><tr(?: [^>]*+)?><td[ >]")


def is_to_be_read(html: str, name: str, start: int, end: int) -> bool:
    """Return whether an element that is in no other may differ in the result of ``opened``."""
    return name in UNSUPPORTED or (
        name == "table" and end - start >= LARGE_CHARACTERS and _PLACES_CONTENT.match(html, start) is not None
    )


def is_unit(tag: str) -> bool:
    """Return whether the element of a start tag means something: it is a callout, or a cell of a table with columns."""
    return _OF_A_UNIT.search(tag) is not None


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


class Opener:
    """Opens the wrappers of a document, one after the other. What it repeats depends on nothing that follows."""

    def __init__(self) -> None:
        self.repeated = 0
        """Characters that tags around less than their own length have added."""
        self._read = 0
        """The number of characters before the current part of the document."""

    def opened(self, html: str, start: int) -> str:
        """Return an element that begins at ``start``, with the wrappers in it and itself opened.

        Text that is in no block gets paragraphs.
        """
        element = _Element(html, self._read + start + ALLOWANCE_CHARACTERS - self.repeated)
        result = element.result()
        self.repeated += element.repeated
        return result

    def opened_table(self, html: str, start: int, opening: str, depth: int) -> str | None:
        """Return the content of a table in ``depth`` elements between the tags of ``opening``, if it only places it."""
        element = _Element(html, self._read + start + ALLOWANCE_CHARACTERS - self.repeated)
        result = element.opened_table(opening, depth)
        self.repeated += element.repeated
        return result

    def repeats(self, opening: str, passed: str, start: int) -> bool:
        """Return whether ``passed`` may be repeated around the content of a large wrapper that begins at ``start``."""
        added = _overhead(opening) + _overhead(opening + passed)
        if self.repeated + added > self._read + start + LARGE_CHARACTERS + ALLOWANCE_CHARACTERS:
            return False
        self.repeated += added
        return True

    def skip(self, characters: int) -> None:
        """Go to the next part of the document."""
        self._read += characters


class _Element:
    """An element in which wrappers are opened."""

    def __init__(self, html: str, allowance: int) -> None:
        """With the characters that may be repeated, and those before each place in ``html`` in addition."""
        self._html = html
        # Arrays, because a list of all tags of hostile HTML takes a hundred times its memory.
        self._starts = array("i")
        """The offset of each tag."""
        self._ends = array("i")
        """For each start tag the index of its end tag, or its own if the element is void."""
        open_tags: list[int] = []
        for index, tag in enumerate(TAG.finditer(html)):
            self._starts.append(tag.start())
            self._ends.append(index)
            if tag[1]:
                self._ends[open_tags.pop()] = index
            elif tag[2] not in VOID:
                open_tags.append(index)
        self._allowance = allowance
        self.repeated = 0

    def result(self) -> str:
        return self._blocks(self._nodes(0, len(self._starts), 0, len(self._html)), "", 0)

    def opened_table(self, opening: str, depth: int) -> str | None:
        groups = _Groups(opening)
        return groups.joined() if self._add_opened(self._element(0), groups, depth) else None

    def _nodes(self, tag: int, last: int, start: int, end: int) -> Iterator[_Node]:
        """Yield the nodes in ``[start, end)``, where the tags are ``[tag, last)``."""
        while tag < last:
            node = self._element(tag)
            if start < node.start:
                yield _Node(start, node.start, -1)
            start = node.end
            yield node
            tag = self._ends[tag] + 1
        if start < end:
            yield _Node(start, end, -1)

    def _element(self, tag: int) -> _Node:
        """Return the element whose start tag has the index ``tag``."""
        return _Node(self._starts[tag], self._html.index(">", self._starts[self._ends[tag]]) + 1, tag)

    def _inside(self, node: _Node) -> Iterator[_Node]:
        last = self._ends[node.tag]
        return self._nodes(node.tag + 1, last, node.start + len(self._tag(node)), self._starts[last])

    def _tag(self, node: _Node) -> str:
        """Return the start tag; empty for text."""
        return "" if node.tag < 0 else self._html[node.start : self._html.index(">", node.start) + 1]

    def _name(self, node: _Node) -> str:
        return tag_name(self._tag(node)[1:-1]) if node.tag >= 0 else ""

    def _blocks(self, nodes: Iterator[_Node], opening: str, depth: int, *, in_table: bool = False) -> str:
        """Return ``nodes`` in ``depth`` elements as blocks between the tags of ``opening``."""
        groups = _Groups(opening, in_table=in_table)
        self._add(nodes, groups, depth)
        return groups.joined()

    def _add(self, nodes: Iterator[_Node], groups: "_Groups", depth: int) -> None:
        if depth >= MAX_DEPTH:
            for node in nodes:
                groups.add(self._html[node.start : node.end])
            return
        run = run_end = 0
        for node in nodes:
            if node.tag < 0 or flows(self._html, self._name(node), node.start, node.end):
                run, run_end = run if run < run_end else node.start, node.end
                continue
            self._add_run(run, run_end, groups)
            run = run_end
            if self._tag(node) == "<div>":
                self._add(self._inside(node), groups, depth + 1)
            elif not self._add_opened(node, groups, depth):
                groups.add(self._whole(node, depth))
        self._add_run(run, run_end, groups)

    def _add_run(self, start: int, end: int, groups: "_Groups") -> None:
        if start < end:
            groups.add(paragraph(self._html[start:end]))

    def _whole(self, node: _Node, depth: int) -> str:
        """Return a block that is not opened."""
        tag, name = self._tag(node), self._name(node)
        if name not in UNSUPPORTED or " data-" in tag:
            return self._html[node.start : node.end]
        return f"{tag}{self._blocks(self._inside(node), '', depth + 1)}</{name}>"

    def _add_opened(self, node: _Node, groups: "_Groups", depth: int) -> bool:
        """Add the content of a wrapper, with what is repeated around it. Return whether it is to be opened."""
        cells: Iterable[int]
        tag, name = self._tag(node), self._name(node)
        is_large = node.end - node.start >= LARGE_CHARACTERS
        if is_unit(tag):
            return False
        if name in WRAPPERS:
            cells, passed = [node.tag] if is_large else [], [passed_on(tag)]
            inside, read = depth + 1, node.start + LARGE_CHARACTERS
        elif name == "table" and (is_large or groups.in_table):
            cells, passed = self._cells(node, groups)
            inside, read = depth + len(("table", "tbody", "tr", "td")), node.end
        else:
            return False
        added = groups.overhead + sum(_overhead(groups.opening + each) for each in passed)
        if not cells or self.repeated + added > self._allowance + read:
            return False
        self.repeated += added
        for cell, each in zip(cells, passed, strict=True):
            blocks = self._blocks(
                self._inside(self._element(cell)), groups.opening + each, inside, in_table=cell != node.tag
            )
            groups.add_between(blocks)
        return True

    def _cells(self, table: _Node, groups: "_Groups") -> tuple["array[int]", list[str]]:
        """Return the cells of a table that only places its content: one in each row that is not blank.

        They are the indices of their start tags, with the tags that are repeated around the content of each.
        """
        cells, passed = array("i"), list[str]()
        of_table = passed_on(self._tag(table))
        for section in self._inside(table):
            if self._name(section) != "tbody":
                return array("i"), []
            of_section = of_table + passed_on(self._tag(section))
            for row in self._inside(section):
                cell = self._only_cell(row)
                if cell is None or (self._name(cell) == "th" and not groups.in_table):
                    return array("i"), []
                cells.append(cell.tag)
                passed.append(of_section + passed_on(self._tag(row)) + passed_on(self._tag(cell)))
        return cells, passed

    def _only_cell(self, row: _Node) -> _Node | None:
        cells = list(self._inside(row))
        if len(cells) > 1:
            cells = [cell for cell in cells if _BLANK.fullmatch(self._html, cell.start, cell.end) is None] or cells[:1]
        is_single = len(cells) == 1 and not is_unit(self._tag(cells[0]))
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
        self._settled: list[str] = []
        self._pieces: list[str] = []
        """What follows. Joining it saves memory: a short string takes fifty bytes in addition."""
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
        self._write(blocks)

    def joined(self) -> str:
        self._end_group()
        return "".join([*self._settled, *self._pieces])

    def _write(self, html: str) -> None:
        self._pieces.append(html)
        if len(self._pieces) >= _MAX_PIECES:
            self._settled.append("".join(self._pieces))
            self._pieces.clear()

    def _end_group(self) -> None:
        if self._size:
            self._write(f"{self.opening}{''.join(self._group)}{self._closing}")
        self._group.clear()
        self._size = 0


def _closing(opening: str) -> str:
    return "</div>" * opening.count("<")


def _overhead(opening: str) -> int:
    return len(opening) + len(_closing(opening))
