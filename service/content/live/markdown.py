"""Markdown that is still being written."""

import re

from service.content.live.boundaries import Part, parts, parts_of
from service.content.live.conversion import Before, convert
from service.content.live.document import Change
from service.content.live.ending import ending
from service.content.live.plain import is_plain, is_plain_end, may_be_followed
from service.content.live.unclosed import common_start, unclosed
from service.content.markdown.bare_links import escape_text
from service.content.markdown.convert import PARSER
from service.content.markdown.reasoning import reasoning
from service.content.rules import ContentRules
from service.protocol.errors import PreparedTooLarge
from service.protocol.limits import Limits

_MAY_END_BLOCK = re.compile(r"[\n>$)\]]")


class MarkdownDocument:
    """Three stretches of the source: what is settled, what is closed but may still change, and what is open.

    Only what is open is converted again. ``_source`` begins with what is closed.
    """

    def __init__(self, rules: ContentRules, limits: Limits) -> None:
        self._rules = rules
        self._tags = frozenset(rules.reasoning_tags)
        self._limit = limits.max_prepared_characters
        self._source = ""
        self._opened = 0
        """Where in the source the open blocks begin."""
        self._before = Before()
        """What is settled leaves behind."""
        self._before_open = Before()
        self._settled = 0
        self._closed = ""
        """The HTML of the closed blocks."""
        self._open = ""
        """The HTML that is shown of the open blocks."""
        self._labels: frozenset[str] = frozenset()
        """Those in the closed blocks that definitions would change."""
        self._is_final = True
        """Whether nothing but definitions can change the closed blocks."""
        self._held = 0
        self._revealed = 0
        """The end of what is revealed, in the open blocks."""
        self._is_plain = False
        """Whether plain text is only appended."""
        self._space = ""
        """The space at the end of the source that is not shown yet."""

    @property
    def held(self) -> int:
        return self._held

    @property
    def awaits_definition(self) -> bool:
        return self._is_final and bool(self._labels)

    def append(self, source: str) -> Change:
        if self._is_plain and is_plain(self._space + source):
            return self._append_plain(source)
        source = source.replace("\0", "\ufffd")
        start, old = self._settled, self._closed + self._open
        line = self._source[self._source.rfind("\n", self._opened) + 1 :]
        self._source += source
        settled = ""
        if _MAY_END_BLOCK.search(source) or not line or line.isspace():
            settled = self._close_blocks()
        self._show()
        return self._change(start, old, settled)

    def _append_plain(self, source: str) -> Change:
        self._source += source
        text = self._space + source
        shown = text.rstrip(" ")
        self._space = text[len(shown) :]
        start = self._settled + len(self._closed) + len(self._open)
        shown = escape_text(shown).replace("&quot;", '"')
        self._open += shown
        self._is_plain = is_plain_end(self._source)
        return Change(start, shown, self._settled)

    def reveal(self) -> Change:
        old = self._closed + self._open
        self._revealed = len(self._source) - self._opened
        self._show()
        return self._change(self._settled, old, "")

    def finish(self) -> Change:
        start, old = self._settled, self._closed + self._open
        html, _ = convert(self._source, self._before, self._rules, self._limit)
        self._check_size(start + len(html))
        self._settled += len(html)
        self._source = self._closed = self._open = ""
        self._opened = self._held = 0
        self._labels, self._is_plain = frozenset(), False
        return self._change(start, old, html)

    def _change(self, start: int, old: str, settled: str) -> Change:
        """Return what has become of the document from ``start`` on, where ``old`` was; ``settled`` is its beginning."""
        new = settled + self._closed + self._open
        place = common_start(old, new)
        return Change(start + place, new[place:], self._settled)

    def _close_blocks(self) -> str:
        """Close the open blocks that are complete, and settle what cannot change. Return the HTML that is settled."""
        source = self._source[self._opened :]
        found = parts(source, self._before_open.definitions, self._tags)
        if found and "]:" in source[found[-1].end :]:
            # A definition that is not complete decides nothing.
            found = parts_of(source[: found[-1].end], self._before_open.definitions, self._tags)
        if not found:
            return ""
        if self._opened and any(part.definitions for part in found):
            found = parts_of(self._source[: self._opened + found[-1].end], self._before.definitions, self._tags)
            self._forget_closed()
        settled = "" if self._opened else self._settle(found)
        self._close(found)
        return settled

    def _forget_closed(self) -> None:
        self._revealed += self._opened
        self._opened = 0
        self._closed, self._before_open = "", self._before
        self._labels, self._is_final = frozenset(), True

    def _settle(self, found: list[Part]) -> str:
        """Settle the first of the parts, which begin the source. Return their HTML."""
        count = next((n for n, part in enumerate(found) if part.labels or not part.is_final), len(found))
        if not count:
            return ""
        end = found[count - 1].end
        later = "".join(part.definitions for part in found[count:])
        html, before = convert(self._source[:end], self._before, self._rules, self._limit, later)
        self._check_size(self._settled + len(html))
        definitions = before.definitions + "".join(part.definitions for part in found[:count])
        self._before = self._before_open = before._replace(definitions=definitions)
        self._settled += len(html)
        self._source = self._source[end:]
        self._revealed = max(0, self._revealed - end)
        found[:] = [part._replace(start=part.start - end, end=part.end - end) for part in found[count:]]
        return html

    def _close(self, found: list[Part]) -> None:
        """Close the parts, which begin the open blocks."""
        if not found:
            return
        start, end = found[0].start, found[-1].end
        new = "".join(part.definitions for part in found)
        before = self._before_open._replace(definitions=self._before_open.definitions + new)
        source = self._source[self._opened + start : self._opened + end]
        html, self._before_open = convert(source, before, self._rules, self._limit)
        self._closed += html
        self._labels = self._labels.union(*(part.labels for part in found))
        self._is_final = self._is_final and all(part.is_final for part in found)
        self._opened += end
        self._revealed = max(0, self._revealed - end)

    def _check_size(self, characters: int) -> None:
        if characters > self._limit:
            raise PreparedTooLarge("The content grew beyond the limit. Send it in parts.")

    def _show(self) -> None:
        """Convert the open blocks."""
        source = self._source[self._opened :]
        text, self._held, in_code = ending(self._without_open_reasoning(source), self._revealed)
        html, _ = convert(text, self._before_open, self._rules, self._limit)
        self._open = unclosed(html, ends_line=text.endswith("\n"))
        shown = source.rstrip(" ")
        self._space = source[len(shown) :]
        self._is_plain = (
            not in_code
            and not self._held
            and may_be_followed(source)
            and self._open.endswith(shown[-1:])
            and "<" not in source
        )

    def _without_open_reasoning(self, source: str) -> str:
        """Return ``source`` up to reasoning that has no end yet."""
        found = reasoning(source, self._tags, PARSER)
        uncertain = next((each for each in found if not each.is_certain), None)
        return source if uncertain is None else source.encode()[: uncertain.start].decode()
