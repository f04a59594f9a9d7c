"""Markdown that is still being written."""

from service.content.live.boundaries import Part, parts, parts_of
from service.content.live.conversion import Before, convert
from service.content.live.document import Change
from service.content.live.open_blocks import OpenBlocks
from service.content.live.unclosed import common_start
from service.content.rules import ContentRules
from service.protocol.errors import PreparedTooLarge
from service.protocol.limits import Limits


class MarkdownDocument:
    """Three stretches of the source: what is settled, what is closed but may still change, and what is open.

    Only what is open is converted again.
    """

    def __init__(self, rules: ContentRules, limits: Limits) -> None:
        self._rules = rules
        self._tags = frozenset(rules.reasoning_tags)
        self._limit = limits.max_prepared_characters
        self._start = 0
        """The length of the HTML of the settled blocks."""
        self._before = Before()
        """What the settled blocks leave behind."""
        self._closed_source = ""
        self._closed = ""
        """The HTML of the closed blocks."""
        self._labels: frozenset[str] = frozenset()
        """Those in the closed blocks that definitions would change."""
        self._is_final = True
        """Whether nothing but definitions can change the closed blocks."""
        self._before_open = Before()
        self._open = OpenBlocks(rules, self._limit)

    @property
    def held(self) -> int:
        return self._open.held

    @property
    def awaits_definition(self) -> bool:
        return self._is_final and bool(self._labels)

    @property
    def _settled(self) -> int:
        return self._start + (0 if self._closed_source else self._open.settled)

    def append(self, source: str) -> Change:
        source = source.replace("\0", "\ufffd")
        place = self._start + len(self._closed) + len(self._open.html)
        text = self._open.append(source)
        if text is not None:
            self._check_size(place + len(text))
            return Change(place, text, self._settled)
        start, closed, shown = self._start, self._closed, self._open.html
        settled = self._close_blocks() if self._open.add(source) else ""
        self._open.show(self._before_open)
        if self._start == start and self._closed is closed:
            return self._change(start + len(closed), shown, self._open.html)
        return self._change(start, closed + shown, settled + self._closed + self._open.html)

    def reveal(self) -> Change:
        shown = self._open.html
        self._open.reveal()
        self._open.show(self._before_open)
        return self._change(self._start + len(self._closed), shown, self._open.html)

    def finish(self) -> Change:
        start, shown = self._start, self._closed + self._open.html
        settled = self._settled
        html, _ = convert(self._closed_source + self._open.source, self._before, self._rules, self._limit)
        self._check_size(start + len(html))
        self._start += len(html)
        self._closed_source = self._closed = ""
        self._labels = frozenset()
        self._open = OpenBlocks(self._rules, self._limit)
        skipped = settled - start
        return self._change(settled, shown[skipped:], html[skipped:])

    def _change(self, start: int, old: str, new: str) -> Change:
        """Return what has become of the document from ``start`` on, where ``old`` was and ``new`` is."""
        place = common_start(old, new)
        self._check_size(start + len(new))
        return Change(start + place, new[place:], self._settled)

    def _close_blocks(self) -> str:
        """Close the open blocks that are complete, and settle what cannot change. Return the HTML that is settled."""
        source = self._open.source
        found = parts(source, self._before_open.definitions, self._tags)
        if found and "]:" in source[found[-1].end :]:
            # A definition that is not complete decides nothing.
            found = parts_of(source[: found[-1].end], self._before_open.definitions, self._tags)
        if not found:
            return ""
        if self._closed_source and any(part.definitions for part in found):
            whole = self._closed_source + source
            found = parts_of(whole[: len(self._closed_source) + found[-1].end], self._before.definitions, self._tags)
            self._open.begin_at(0, whole)
            self._closed_source = self._closed = ""
            self._before_open = self._before
            self._labels, self._is_final = frozenset(), True
        count = 0
        if not self._closed_source:
            count = next((n for n, part in enumerate(found) if part.labels or not part.is_final), len(found))
        settled = self._settle(found, count) if count else ""
        self._close(found[count:])
        self._open.begin_at(found[-1].end)
        return settled

    def _settle(self, found: list[Part], count: int) -> str:
        """Settle the first ``count`` parts. Return their HTML."""
        later = "".join(part.definitions for part in found[count:])
        source = self._open.source[: found[count - 1].end]
        html, before = convert(source, self._before, self._rules, self._limit, later)
        self._check_size(self._start + len(html))
        definitions = before.definitions + "".join(part.definitions for part in found[:count])
        self._before = self._before_open = before._replace(definitions=definitions)
        self._start += len(html)
        return html

    def _close(self, found: list[Part]) -> None:
        """Close parts that are not settled."""
        if not found:
            return
        new = "".join(part.definitions for part in found)
        before = self._before_open._replace(definitions=self._before_open.definitions + new)
        source = self._open.source[found[0].start : found[-1].end]
        html, self._before_open = convert(source, before, self._rules, self._limit)
        self._closed_source += source
        self._closed += html
        self._labels = self._labels.union(*(part.labels for part in found))
        self._is_final = self._is_final and all(part.is_final for part in found)

    def _check_size(self, characters: int) -> None:
        if characters > self._limit:
            raise PreparedTooLarge(
                f"The content grew to {characters} characters of HTML; at most {self._limit} are allowed. "
                "Send it in parts."
            )
