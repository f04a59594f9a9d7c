"""Markdown that is still being written."""

from service.content.html.markup import has_visible_content
from service.content.html.sanitise import check_prepared_length
from service.content.live.boundaries import Part, parts, parts_of
from service.content.live.conversion import Before, convert
from service.content.live.document import Change
from service.content.live.open_blocks import OpenBlocks
from service.content.live.processing import processing
from service.content.live.settling import SettledBlocks
from service.content.live.unclosed import common_start, grapheme_start
from service.content.rules import ContentRules
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits


class MarkdownDocument:
    """Three stretches of the source: what is settled, what is closed but may still change, and what is open.

    Only what is open is converted again.
    """

    def __init__(self, rules: ContentRules, limits: Limits) -> None:
        self._rules = rules
        self._tags = frozenset(rules.reasoning_tags)
        self._limit = limits.max_prepared_characters
        self._has_content = False
        """Whether something that is settled is visible."""
        self._settled = SettledBlocks(rules, self._limit)
        self._parts: list[Part] = []
        """The closed blocks, with their places in ``_closed_source``."""
        self._closed_source = ""
        self._closed = ""
        """The HTML of the closed blocks."""
        self._before_open = Before()
        self._open = OpenBlocks(rules, self._limit)

    @property
    def held(self) -> int:
        return self._open.held

    @property
    def awaits_definition(self) -> bool:
        return bool(self._parts) and bool(self._parts[0].labels) and self._parts[0].is_final

    @property
    def _settled_length(self) -> int:
        return self._settled.length + (0 if self._parts else self._open.settled)

    def append(self, source: str) -> Change:
        with processing():
            source = source.replace("\0", "\ufffd")
            shown = len(self._open.html)
            text = self._open.append(source)
            if text is None:
                return self._append(source)
            start = self._settled.length + len(self._closed)
            check_prepared_length(start + shown + len(text), self._limit)
            place = shown if text.isascii() else grapheme_start(self._open.html, shown)
            return Change(start + place, self._open.html[place:], self._settled_length)

    def _append(self, source: str) -> Change:
        start, closed, shown = self._settled.length, self._closed, self._open.html
        settled = self._close_blocks() if self._open.add(source) else ""
        self._open.show(self._before_open)
        if not settled and self._closed is closed:
            return self._change(start + len(closed), shown, self._open.html)
        return self._change(start, closed + shown, settled + self._closed + self._open.html)

    def reveal(self) -> Change:
        with processing():
            shown = self._open.html
            self._open.reveal()
            self._open.show(self._before_open)
            return self._change(self._settled.length + len(self._closed), shown, self._open.html)

    def finish(self) -> Change:
        with processing():
            start, shown = self._settled.length, self._closed + self._open.html
            html = self._settled.finish(self._closed_source + self._open.source)
            if not (self._has_content or has_visible_content(html)):
                raise EmptyContent("The content has nothing to show after sanitising. Send some text.")
            skipped = self._settled_length - self._settled.length
            self._parts, self._closed_source, self._closed = [], "", ""
            self._open = OpenBlocks(self._rules, self._limit)
            return self._change(start + skipped, shown[skipped:], html[skipped:])

    def _change(self, start: int, old: str, new: str) -> Change:
        """Return what has become of the document from ``start`` on, where ``old`` was and ``new`` is."""
        place = common_start(old, new)
        check_prepared_length(start + len(new), self._limit)
        return Change(start + place, new[place:], self._settled_length)

    def _close_blocks(self) -> str:
        """Close the open blocks that are complete, and settle what cannot change. Return the HTML that is settled."""
        source = self._open.source
        found = parts(source, self._before_open.definitions, self._tags)
        if found and "]:" in source[found[-1].end :]:
            # A definition that is not complete decides nothing.
            found = parts_of(source[: found[-1].end], self._before_open.definitions, self._tags)
        if not found:
            return ""
        end = found[-1].end
        self._open.begin_at(end)
        source = source[:end]
        if self._parts and any(part.definitions for part in found):
            source = self._closed_source + source
            found = parts_of(source, self._settled.before.definitions, self._tags)
            self._forget_closed()
        return self._close(source, found)

    def _forget_closed(self) -> None:
        self._parts, self._closed_source, self._closed = [], "", ""
        self._before_open = self._settled.before

    def _close(self, source: str, found: list[Part]) -> str:
        """Close parts, which follow the closed blocks. Return the HTML of those that are settled with it."""
        if not self._parts or any(part.has_html for part in found):
            whole = self._closed_source + source
            all_parts = [*self._parts, *_moved(found, len(self._closed_source))]
            number = self._settled.count(whole, all_parts)
            if number:
                html = self._settled.add(whole, all_parts, number)
                self._has_content = self._has_content or has_visible_content(html)
                self._forget_closed()
                end = all_parts[number - 1].end
                self._add_closed(whole[end:], _moved(all_parts[number:], -end))
                return html
        self._add_closed(source, found)
        return ""

    def _add_closed(self, source: str, found: list[Part]) -> None:
        if not found:
            return
        new = "".join(part.definitions for part in found)
        before = self._before_open._replace(definitions=self._before_open.definitions + new)
        self._closed += convert(source, before, self._rules, self._limit)
        self._before_open = before._replace(html_characters=1)
        self._parts += _moved(found, len(self._closed_source))
        self._closed_source += source


def _moved(found: list[Part], characters: int) -> list[Part]:
    return [part._replace(start=part.start + characters, end=part.end + characters) for part in found]
