"""A document that grows by appends, checked after each of them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from service.content.live.document import Change, LiveDocument


class Grown:
    """What the document is after each step."""

    def __init__(self, document: LiveDocument, check: Callable[[str], None] = lambda _shown: None) -> None:
        self.document = document
        self.shown = ""
        self.settled = 0
        self.replacements = 0
        self._check = check
        self._were_settled: list[str] = []

    def append(self, source: str) -> None:
        self._apply(self.document.append(source))

    def finish(self) -> str:
        """Return the whole document."""
        self._apply(self.document.finish())
        assert self.settled == len(self.shown)
        assert self.document.held == 0
        for settled in self._were_settled:
            assert self.shown.startswith(settled)
        return self.shown

    def _apply(self, change: Change) -> None:
        start, text, settled = change
        assert self.settled <= start <= len(self.shown)
        self.replacements += start < len(self.shown)
        self.shown = self.shown[:start] + text
        assert self.settled <= settled <= len(self.shown)
        if settled > self.settled:
            self._were_settled.append(self.shown[:settled])
        self.settled = settled
        self._check(self.shown)


def parts(data: st.DataObject, source: str) -> Sequence[str]:
    """Return ``source`` in parts: single characters if it is short, else at random places."""
    if len(source) < 200 and data.draw(st.booleans()):
        return [*source]
    places = data.draw(st.lists(st.integers(0, len(source)), max_size=30))
    return [source[start:end] for start, end in pairwise(sorted([0, len(source), *places]))]
