"""Canonical HTML as it comes, as the blocks that ``to_blocks`` makes of the whole."""

from collections.abc import Iterable
from enum import Enum

from service.content.chunking.blocks import is_simple_run, without_space_at_end
from service.content.chunking.layout import UNSUPPORTED, WRAPPERS, flows, nodes
from service.content.chunking.opening import (
    LARGE_CHARACTERS,
    MAX_DEPTH,
    Opener,
    is_unit,
    paragraph,
)
from service.content.chunking.passed_on import passed_on
from service.content.html.images import KEEPS_SPACE, with_loose_images
from service.content.html.markup import INLINE, TAG, VOID
from service.content.live.growing_text import GrowingText
from service.content.live.html_output import Group, HtmlOutput
from service.content.live.html_wrapper import Level, SmallWrapper

_FLOWING = INLINE | {"img"}


class Shape(Enum):
    """What the last, incomplete unit is shown as."""

    SIMPLE = "a run of text that may be the whole document"
    RUN = "a run of text and inline elements, which becomes a paragraph"
    BROKEN = "a run with a block in an inline element, which becomes several blocks"
    BARE = "a run that is nested too deeply and left as it is"
    BLOCK = "a block, which is left as it is"


class HtmlBlocks:
    """A unit is a run of text and inline elements, or a block. What is written to ``output`` are complete units.

    Wrappers that are opened, or have blocks in them, are entered: their content is units too.
    """

    def __init__(self) -> None:
        self.output = HtmlOutput()
        self.settled = 0
        """The length of the output that does not change any more."""
        self._opener = Opener()
        self._levels = [Level(Group(""), keeps_space=False)]
        self._offset = 0
        """Where the unit begins in the HTML."""
        self._small: SmallWrapper | None = None
        """The outermost of the wrappers that are small so far."""
        self._is_simple = True
        """Whether all is a simple run so far."""
        self.unit = GrowingText()
        """The last unit, which is not complete."""
        self.unit_number = 0
        self._depth = 0
        """The number of open elements in the unit."""
        self._is_block = self._is_broken = False

    @property
    def opening(self) -> str:
        """The tags that are still to be written before the unit."""
        group = self._levels[-1].group
        return "" if group.is_open else group.opening

    @property
    def shape(self) -> Shape:
        """The shape of the unit."""
        if self._is_block:
            return Shape.BLOCK
        if self._is_simple:
            return Shape.SIMPLE
        if len(self._levels) > MAX_DEPTH:
            return Shape.BARE
        return Shape.BROKEN if self._is_broken else Shape.RUN

    def add(self, html: str) -> None:
        """Read the next HTML, of whole tags and references."""
        self._is_simple = self._is_simple and is_simple_run(html)
        if self._small:
            self._small.html += html
        self._read(html)

    def finish(self) -> None:
        """Complete the last unit: the HTML is complete."""
        if self._is_simple:
            self.output.write(self.unit.whole())
        else:
            self._end_run()
        self.settled = self.output.length

    def blocks_of_run(self, run: str) -> Iterable[str]:
        """Return the blocks that a complete run becomes where the unit is."""
        if self.shape is Shape.RUN:
            return [paragraph(run)]
        if self.shape is Shape.BARE:
            return [run[node.start : node.end] for node in nodes(run)]
        blocks: list[str] = []
        start = 0
        for node in nodes(run):
            if not flows(run, *node):
                self._add_paragraph(blocks, run[start : node.start])
                blocks.append(run[node.start : node.end])
                start = node.end
        self._add_paragraph(blocks, run[start:])
        return blocks

    def _add_paragraph(self, blocks: list[str], run: str) -> None:
        if run and blocks and len(self._levels) == 1:
            blocks[-1] = without_space_at_end(blocks[-1])
        blocks.append(paragraph(run) if run else "")

    def _read(self, html: str) -> None:
        done = 0
        for tag in TAG.finditer(html):
            closes, name = tag.groups()
            if self._depth:
                if not closes:
                    self._depth += name not in VOID
                    self._is_broken = self._is_broken or not (self._is_block or name in _FLOWING)
                    continue
                self._depth -= 1
                if self._depth or not self._is_block:
                    continue
                self.unit.append(html[done : tag.end()])
                self._end_block()
                done = tag.end()
            elif not closes and name in _FLOWING:
                self._depth += name not in VOID
                continue
            else:
                self.unit.append(html[done : tag.start()])
                self._end_run()
                if self._open_if_large(html[tag.start() :]):
                    self._end_run()
                self._settle()
                done = tag.end()
                if closes:
                    self._leave(tag[0], html[done:])
                elif name in VOID:
                    self.unit.append(tag[0])
                    self._end_block()
                elif not self._enter(name, tag[0], html[tag.start() :]):
                    self._is_block = True
                    self._depth = 1
                    done = tag.start()
                    continue
            self._open_if_large(html[done:])
            self._settle()
        self.unit.append(html[done:])
        self._open_if_large("")

    def _open_if_large(self, rest: str) -> bool:
        """Open the small wrapper if it is large now; ``rest`` is not read yet. Return whether it is open."""
        small = self._small
        if small is None or self._offset + self.unit.length - small.offset < LARGE_CHARACTERS:
            return False
        self._open(small, rest)
        return True

    def _settle(self) -> None:
        if self._small is None and not any(level.group.is_open for level in self._levels):
            self.settled = self.output.length

    def _take_unit(self) -> str:
        html = self.unit.whole()
        self._reset_unit()
        return html if self._levels[-1].keeps_space else with_loose_images(html)

    def _reset_unit(self) -> None:
        self.unit = GrowingText()
        self.unit_number += 1
        self._depth = 0
        self._is_block = False

    def _end_run(self) -> None:
        """Write the run before a block or the end of a wrapper."""
        self._is_simple = False
        if self.unit.length:
            run = self._take_unit()
            self._offset += len(run)
            for block in self.blocks_of_run(run):
                self._write(block)
        self._is_broken = False

    def _end_block(self) -> None:
        block = self._take_unit()
        depth = len(self._levels) - 1
        if block.startswith("<table") and len(block) >= LARGE_CHARACTERS and depth < MAX_DEPTH:
            group = self._levels[-1].group
            opened = self._opener.opened_table(block, self._offset, group.opening, depth)
            if opened is not None:
                self.output.end(group)
                self.output.write(opened)
                self._offset += len(block)
                return
        self._offset += len(block)
        self._write(block)

    def _write(self, block: str) -> None:
        if block:
            group = self._levels[-1].group
            self.output.begin(group)
            self.output.write(block)
            self.output.end_block(group, len(block))

    def _enter(self, name: str, tag: str, html: str) -> bool:
        """Enter the element with which ``html`` begins, if its content is read as blocks."""
        levels = self._levels
        if name not in UNSUPPORTED or " data-" in tag or len(levels) > MAX_DEPTH:
            return False
        group, keeps_space, _ = levels[-1]
        keeps_space = keeps_space or KEEPS_SPACE in tag
        if tag == "<div>":
            levels.append(Level(group, keeps_space))
            self._offset += len(tag)
            return True
        if name in WRAPPERS and not is_unit(tag) and self._small is None:
            self._small = SmallWrapper(tag, self._offset, self.output.length, self._opener.repeated, levels)
            self._small.html = html
        self._keep(tag, keeps_space=keeps_space)
        return True

    def _keep(self, tag: str, *, keeps_space: bool) -> None:
        """Enter a wrapper that is not opened: with its content it is one block."""
        self.output.begin(self._levels[-1].group)
        self._levels.append(Level(Group(""), keeps_space, self.output.length))
        self.output.write(tag)
        self._offset += len(tag)

    def _open(self, small: SmallWrapper, rest: str) -> None:
        """Read a wrapper that is large again, up to ``rest``, and open it."""
        html = small.html[len(small.tag) : len(small.html) - len(rest)]
        self._small = None
        self._reset_unit()
        self._is_broken = False
        del self._levels[small.depth :]
        self.output.truncate(small.length)
        small.restore_groups()
        self._opener.repeated = small.repeated
        self._offset = small.offset
        group, keeps_space, _ = self._levels[-1]
        keeps_space = keeps_space or KEEPS_SPACE in small.tag
        passed = passed_on(small.tag)
        if self._opener.repeats(group.opening, passed, small.offset):
            self.output.end(group)
            self._levels.append(Level(Group(group.opening + passed), keeps_space))
            self._offset += len(small.tag)
        else:
            self._keep(small.tag, keeps_space=keeps_space)
        self._read(html)
        if self._small:
            self._small.html += rest

    def _leave(self, end_tag: str, rest: str) -> None:
        """Leave the innermost wrapper."""
        small = self._small
        if small and len(self._levels) == small.depth + 1:
            if self._offset + len(end_tag) - small.offset >= LARGE_CHARACTERS:
                self._open(small, end_tag + rest)
                self._end_run()
            self._small = None
        level = self._levels.pop()
        outer = self._levels[-1].group
        if level.group is not outer:
            self.output.end(level.group)
        if level.kept_at >= 0:
            self.output.write(end_tag)
            self.output.end_block(outer, self.output.length - level.kept_at)
        self._offset += len(end_tag)
