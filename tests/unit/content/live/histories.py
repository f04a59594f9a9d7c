"""Documents that grow in a known way, and readers who put together what they take."""

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec import UNSET

from service.content.chunking.blocks import to_blocks
from service.content.chunking.chunk import split_text
from service.content.chunking.incremental import split_increments
from service.content.chunking.layout import nodes
from service.content.html.markup import REFERENCE, TAG, VOID
from service.content.html.sanitise import sanitise_html
from service.content.live.document import Change
from service.content.live.piece import LiveCursor, LivePiece
from service.content.rules import DEFAULT_RULES
from service.protocol.messages import ChunkBy
from tests.unit.content.documents import documents, soups, texts

NO_LIMIT = 10**9
GUESSES = ["", "", "", "guess", "guess <b>bold", "<p>guess", "<ul><li><p>a</p><p>😀 guess"]


def safe(html: str) -> str:
    """Return what the whole ``html`` becomes."""
    return to_blocks(sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html)


htmls = (documents | soups).map(safe).filter(bool)


def common_length(one: str, other: str) -> int:
    """Return the number of characters with which both begin."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def is_well_formed(html: str) -> bool:
    """Return whether all tags and references are whole, and each element is closed in the one around it."""
    open_elements: list[str] = []
    for tag in TAG.finditer(html):
        if not tag[1]:
            open_elements += [tag[2]] * (tag[2] not in VOID)
        elif not open_elements or open_elements.pop() != tag[2]:
            return False
    text = TAG.sub("", html)
    return not (open_elements or "<" in text or "&" in REFERENCE.sub("", text))


class History(NamedTuple):
    whole: str
    changes: list[Change]


@st.composite
def histories_of_html(draw: st.DrawFn) -> History:
    """Whole blocks are settled, and what is shown after them may be a wrong guess."""
    whole = draw(htmls)
    places = [*split_increments(whole, ChunkBy.CHARACTER, NO_LIMIT).chunks.bounds]
    starts = [node.start for node in nodes(whole)]
    ends = sorted(draw(st.lists(st.sampled_from(places), max_size=8)))
    changes = []
    shown, settled = "", 0
    for end in ends:
        new = whole[:end] + draw(st.sampled_from(GUESSES))
        common = common_length(shown, new)
        start = max(settled, places[bisect_right(places, min(common, end)) - 1])
        settled = max(settled, starts[bisect_right(starts, end) - 1])
        changes.append(Change(start, new[start:], settled))
        shown = new
    start = max(settled, places[bisect_right(places, common_length(shown, whole)) - 1])
    return History(whole, [*changes, Change(start, whole[start:], len(whole))])


@st.composite
def histories_of_text(draw: st.DrawFn) -> History:
    """Whole graphemes are appended, and settled."""
    whole = draw(texts)
    places = [*split_text(whole, ChunkBy.CHARACTER, NO_LIMIT).bounds]
    ends = sorted({0, len(whole), *draw(st.lists(st.sampled_from(places), max_size=8))})
    return History(whole, [Change(start, whole[start:end], end) for start, end in pairwise(ends)])


class Reader:
    """What a client keeps and shows."""

    def __init__(self, cursor: LiveCursor, kept: str) -> None:
        self.cursor = cursor
        self.pieces: list[LivePiece] = []
        self._kept = kept.encode("utf-16-le")

    @property
    def kept(self) -> str:
        return self._kept.decode("utf-16-le")

    @property
    def settled(self) -> str:
        """What never changes of it."""
        return self._kept[: 2 * self.pieces[-1].settled].decode("utf-16-le") if self.pieces else ""

    @property
    def shown(self) -> str:
        """The kept text with its close text."""
        close = self.pieces[-1].close if self.pieces else UNSET
        return self.kept + ("" if close is UNSET else close)

    def take(self, most: int, *, whole: bool = False) -> LivePiece | None:
        piece = self.cursor.take(most, whole=whole)
        if piece is not None:
            if piece.start is not UNSET:
                assert 2 * piece.start <= len(self._kept)
                self._kept = self._kept[: 2 * piece.start]
            self._kept += piece.data.encode("utf-16-le")
            assert 2 * piece.settled <= len(self._kept)
            self.pieces.append(piece)
        return piece
