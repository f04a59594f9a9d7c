"""The open blocks of Markdown that is still being written, and what is shown of them."""

import re
from functools import lru_cache

from service.content.live.conversion import Before, convert
from service.content.live.ending import ending
from service.content.live.frozen import MIN_CHARACTERS, NOT_FROZEN, Lines, freeze
from service.content.live.open_code import OpenCode, settled_code
from service.content.live.plain import is_plain, is_plain_end, may_be_followed
from service.content.live.unclosed import unclosed
from service.content.markdown.bare_links import escape_text
from service.content.markdown.convert import PARSER
from service.content.markdown.reasoning import reasoning
from service.content.rules import ContentRules

_MAY_END_BLOCK = re.compile(r"[\n>$)\]]")
_LARGE_CHARACTERS = 8192
_GROWTH = 1.03
"""How much more of large blocks is waited for, if nothing of them can be frozen."""


class OpenBlocks:
    """The HTML of ``source``, which is converted again when it grows, unless what is new is only appended to it."""

    def __init__(self, rules: ContentRules, limit: int) -> None:
        self._rules = rules
        self._limit = limit
        self._tags = frozenset(rules.reasoning_tags)
        self.source = ""
        self.html = ""
        """Without the end tags at its end."""
        self.held = 0
        self._before = Before()
        self._revealed = 0
        self._is_plain = False
        """Whether plain text is only appended."""
        self._space = ""
        """The space at the end of the source that is not shown yet."""
        self._code: OpenCode | None = None
        self._settled = 0
        self._is_reasoning = False
        """Whether all of it is reasoning so far, which is not shown."""
        self._frozen = NOT_FROZEN
        self._freeze_at = MIN_CHARACTERS
        self._lines: Lines | None = None
        """Those of a block that is frozen in part."""
        self._show_at = 0

    @property
    def settled(self) -> int:
        """How much of the HTML is the beginning of every continuation: the lines of code."""
        return self._code.settled if self._code is not None else self._settled

    def append(self, source: str) -> str | None:
        """Add what changes nothing before it, and return its HTML; or return ``None`` without a change."""
        if self._is_plain and is_plain(self._space + source):
            return self._append_plain(source)
        if self._code is not None:
            html = self._code.append(source)
            if html is not None:
                self.source += source
                self.html += html
                self.held = self._code.held
            return html
        if self._is_reasoning and not self._has_tag(source):
            self.source += source
            return ""
        return None

    def add(self, source: str) -> bool:
        """Add any source. Return whether a block may have ended."""
        line = self.source[self.source.rfind("\n") + 1 :]
        self.source += source
        if not _MAY_END_BLOCK.search(source) and line and not line.isspace():
            return False
        if self._code is not None:
            return self._code.may_end(self.source)
        return self._lines is None or self._lines.may_end(self.source)

    def begin_at(self, place: int) -> None:
        """Forget what is before ``place``."""
        self.source = self.source[place:]
        self._revealed = max(0, self._revealed - place)
        self._frozen, self._lines, self._freeze_at, self._show_at = NOT_FROZEN, None, MIN_CHARACTERS, 0
        self._code, self._settled, self._is_reasoning = None, 0, False

    def reveal(self) -> None:
        self._revealed = len(self.source)
        self._show_at = 0

    def show(self, before: Before) -> None:
        """Convert what is not frozen."""
        if len(self.source) < self._show_at:
            return
        self._before = before
        frozen = self._frozen
        moved = len(frozen.skeleton) - frozen.end
        source = self._without_open_reasoning(frozen.skeleton + self.source[frozen.end :])
        text, self.held, in_code = ending(source, self._revealed + moved)
        html = unclosed(
            self._converted(text),
            ends_line=text.endswith("\n"),
            in_code=in_code or text.startswith(("    ", "\t"), text.rfind("\n") + 1),
        )
        if frozen.end and len(text) <= len(frozen.skeleton):
            html = frozen.skeleton_html
        if not html.startswith(frozen.skeleton_html):
            self._frozen, self._lines, self._freeze_at = NOT_FROZEN, None, 2 * len(self.source)
            self.show(before)
            return
        self.html = frozen.html + html[len(frozen.skeleton_html) :]
        self._settled = settled_code(self.source, self.html)
        self._code = OpenCode.of(self.source, self.html) if in_code and not frozen.end else None
        self._space = self.source[len(self.source.rstrip(" ")) :]
        self._is_plain = (
            not (in_code or self.held or self._is_reasoning)
            and may_be_followed(source)
            and "<" not in source
            and self.html.endswith(self.source.rstrip(" ")[-1:])
        )
        self._freeze()

    def _freeze(self) -> None:
        length = len(self.source)
        if self._code is not None or length - self._frozen.end < MIN_CHARACTERS or length < self._freeze_at:
            return
        self._frozen = freeze(self.source, self._frozen, self._converted)
        if self._frozen.end:
            self._lines = self._lines or Lines(self.source)
        else:
            self._freeze_at = length + length // 16
            if length > _LARGE_CHARACTERS:
                self._show_at = int(length * _GROWTH)

    def _converted(self, markdown: str) -> str:
        return convert(markdown, self._before, self._rules, self._limit)

    def _append_plain(self, source: str) -> str:
        self.source += source
        text = self._space + source
        shown = text.rstrip(" ")
        self._space = text[len(shown) :]
        self._is_plain = is_plain_end(self.source)
        html = escape_text(shown).replace("&quot;", '"')
        self.html += html
        return html

    def _without_open_reasoning(self, source: str) -> str:
        """Return ``source`` up to reasoning that has no end yet."""
        found = reasoning(source, self._tags, PARSER)
        uncertain = next((each for each in found if not each.is_certain), None)
        if uncertain is None:
            self._is_reasoning = False
            return source
        shown = source.encode()[: uncertain.start].decode()
        self._is_reasoning = not self._frozen.end and not shown.strip()
        return shown

    def _has_tag(self, source: str) -> bool:
        """Return whether a tag of reasoning ends in what follows the source."""
        if ">" not in source:
            return False
        text = self.source[max(0, self.source.rfind("<")) :] + source
        return _tag(self._tags).search(text) is not None


@lru_cache(maxsize=8)
def _tag(tags: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"</?(?:{'|'.join(sorted(map(re.escape, tags)))})[ \t>]", re.IGNORECASE)
