"""Documents of any kind that grow, as their readers see them."""

from collections.abc import Iterable, Iterator
from random import Random

from service.content.chunking.blocks import to_blocks
from service.content.html.markup import TAG, VOID, has_visible_content
from service.content.html.sanitise import sanitise_html
from service.content.live.document import HOLD_BACK_CHARACTERS, LiveDocument
from service.content.markdown.convert import markdown_to_html
from service.content.rules import DEFAULT_RULES
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits

NO_LIMIT = 10**9
LIMITS = Limits(max_prepared_characters=NO_LIMIT)


def markdown_result(source: str) -> str:
    """Return what the whole ``source`` becomes; empty if nothing of it is visible."""
    html = safe(markdown_to_html(source, frozenset(DEFAULT_RULES.reasoning_tags)))
    return html if has_visible_content(html) else ""


def safe(html: str) -> str:
    return to_blocks(sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html)


def tokens(source: str, random: Random, longest: int = 8) -> Iterator[str]:
    """Cut ``source`` at random places."""
    start = 0
    while start < len(source):
        end = start + random.randint(1, longest)
        yield source[start:end]
        start = end


class Growth:
    """A document while it grows, with what must hold after each change."""

    def __init__(self, document: LiveDocument) -> None:
        self._document = document
        self.shown = ""
        self.settled = 0
        self.settled_at: dict[int, int] = {}
        """By the length of the source."""
        self.changes = self.replacements = 0
        self._length = 0

    def append(self, source: str) -> None:
        change = self._document.append(source)
        self.changes += 1
        self.replacements += change.start < len(self.shown)
        self._length += len(source)
        self._apply(*change)
        self.settled_at[self._length] = self.settled
        assert self._document.held <= HOLD_BACK_CHARACTERS

    def reveal(self) -> None:
        self._apply(*self._document.reveal())

    def finish(self) -> str:
        try:
            self._apply(*self._document.finish())
        except EmptyContent:
            return ""
        assert self.settled == len(self.shown)
        return self.shown

    def run(self, cuts: Iterable[str]) -> str:
        for cut in cuts:
            self.append(cut)
        return self.finish()

    def html(self) -> str:
        """Return what a page shows: with the end tags of the open elements."""
        names: list[str] = []
        for tag in TAG.finditer(self.shown):
            if tag[1]:
                assert names.pop() == tag[2]
            elif tag[2] not in VOID:
                names.append(tag[2])
        return self.shown + "".join(f"</{name}>" for name in reversed(names))

    def _apply(self, start: int, text: str, settled: int) -> None:
        assert self.settled <= start <= len(self.shown)
        before = self.shown[: self.settled]
        self.shown = self.shown[:start] + text
        assert self.shown.startswith(before), "what is settled never changes"
        assert self.settled <= settled <= len(self.shown)
        self.settled = settled


def assert_is_safe(html: str) -> None:
    """Assert that sanitising changes nothing."""
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == html
