"""HTML that is still being written."""

import re
from typing import NamedTuple

from service.content.chunking.graphemes import graphemes, is_of_single_characters
from service.content.html.markup import has_visible_content
from service.content.html.sanitise import Stability, check_prepared_length
from service.content.live.document import Change
from service.content.live.growing_text import GrowingText
from service.content.live.html_blocks import HtmlBlocks, Shape
from service.content.live.html_source import HtmlSource
from service.content.live.open_path import ROOT, after
from service.content.live.processing import processing
from service.content.rules import ContentRules
from service.protocol.errors import EmptyContent, ProcessingFailed
from service.protocol.limits import Limits

_END_TAGS = re.compile(r"(?:</[a-z0-9]+>)+\Z")
_ONLY_IMAGES = re.compile(r"(?=.*?<img )(?:<[^>]*+>|\s)*", re.DOTALL)
_LONGEST_GRAPHEME = 32
_MAX_BROKEN_CHARACTERS = 2048
"""What a longer run with blocks in inline elements becomes is shown only when it is complete."""


class _Look(NamedTuple):
    """How the last unit is shown. As long as it is the same, what is added to the unit is added to what is shown."""

    unit: int
    shape: Shape
    is_only_images: bool


class HtmlDocument:
    """A ``LiveDocument`` of HTML. The time of an append depends on its length alone."""

    def __init__(self, rules: ContentRules, limits: Limits) -> None:
        self._source = HtmlSource(rules)
        self._stability = Stability(rules.policy)
        self._blocks = HtmlBlocks()
        self._max_characters = limits.max_prepared_characters
        self._read = 0
        """The characters of canonical HTML."""
        self._has_content = False
        """Whether something of it is visible."""
        self._complete = 0
        """The length of what is shown of complete units."""
        self._length = 0
        """The length of all that is shown."""
        self._shown = GrowingText()
        """What is shown of the last unit."""
        self._look = _Look(-1, Shape.SIMPLE, is_only_images=False)

    @property
    def held(self) -> int:
        return self._source.held

    @property
    def awaits_definition(self) -> bool:
        return False

    def append(self, source: str) -> Change:
        with processing():
            html = self._source.add(source)
            if not html:
                return self.reveal()
            self._add(html)
            return self._appended(html) or self._changed(self._last_unit())

    def reveal(self) -> Change:
        """Return no change: nothing readable is held back."""
        return Change(self._length, "", self._blocks.settled)

    def finish(self) -> Change:
        with processing():
            html = self._source.finish()
            if html:
                self._add(html)
            self._blocks.finish()
            if not self._has_content:
                raise EmptyContent("The content has nothing to show after sanitising. Send some text.")
            change = self._changed("")
            check_prepared_length(self._length, self._max_characters)
            return change

    def _add(self, html: str) -> None:
        self._read += len(html)
        check_prepared_length(self._read, self._max_characters)
        if not self._stability.accepts(html):
            raise ProcessingFailed("The content could not be processed. Try again, or send it as text.")
        self._has_content = self._has_content or has_visible_content(html)
        self._blocks.add(html)
        check_prepared_length(self._blocks.settled, self._max_characters)

    def _appended(self, html: str) -> Change | None:
        """Return the change if ``html`` was only added to the last unit, and to what is shown of it."""
        blocks, look = self._blocks, self._look
        if (
            blocks.unit_number != look.unit
            or blocks.shape is not look.shape
            or look.is_only_images
            or not self._shown.length
        ):
            return None
        if look.shape is Shape.BROKEN:
            return self.reveal() if blocks.unit.length > _MAX_BROKEN_CHARACTERS else None
        start = self._length
        if not html.isascii() and not html.startswith("<"):
            last = _last_grapheme(self._shown, html[0])
            start -= len(last)
            text = last + html
        else:
            text = html
        self._shown.append(html)
        self._length += len(html)
        return Change(start, text, blocks.settled)

    def _changed(self, unit: str) -> Change:
        """Return the change if ``unit`` is to be shown of the last unit."""
        blocks = self._blocks
        first, written = blocks.output.take()
        start, text = first, written + unit
        if first == self._complete:
            shown = self._shown.whole()
            same = _common_length(shown, text)
            if same < len(shown):
                same = max(0, text.rfind("<", 0, same + 1))
            start, text = first + same, text[same:]
        self._complete = blocks.output.length
        self._length = self._complete + len(unit)
        self._shown = GrowingText()
        self._shown.append(unit)
        return Change(start, text, blocks.settled)

    def _last_unit(self) -> str:
        """Return what is shown of the last unit."""
        blocks, shape = self._blocks, self._blocks.shape
        unit = blocks.unit.whole()
        before = self._look
        is_only_images = (
            shape is Shape.RUN
            and (before.is_only_images or before.unit != blocks.unit_number)
            and _ONLY_IMAGES.fullmatch(unit) is not None
        )
        self._look = _Look(blocks.unit_number, shape, is_only_images)
        if not unit:
            return ""
        if shape is Shape.BROKEN:
            whole = unit + after(ROOT, unit).close
            return blocks.opening + _END_TAGS.sub("", "".join(blocks.blocks_of_run(whole)))
        is_paragraph = shape is Shape.RUN and not is_only_images
        return f"{blocks.opening}{'<p>' if is_paragraph else ''}{unit}"


def _common_length(one: str, other: str) -> int:
    """Return the number of characters with which both begin."""
    if other.startswith(one):
        return len(one)
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if other.startswith(one[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _last_grapheme(shown: GrowingText, character: str) -> str:
    """Return the end of what is shown that is one grapheme with ``character``; empty if there is none."""
    before = shown.slice(max(0, shown.length - _LONGEST_GRAPHEME), shown.length)
    text = before[max(before.rfind(">"), before.rfind(";")) + 1 :]
    if not text or is_of_single_characters(text[-1] + character):
        return ""
    ends = graphemes(text + character)
    return text[ends[-2] if len(ends) > 1 else 0 :]
