"""The position of one reader in a view of a document that grows."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Protocol

from msgspec import UNSET, UnsetType

from service.content.live.growing_text import utf16_length
from service.content.live.open_path import Element, after
from service.content.live.piece import LivePiece
from service.content.live.shown import Shown


class View(Protocol):
    """What a cursor needs of its view. Offsets are in characters."""

    @property
    def shown(self) -> Shown: ...

    @property
    def has_close(self) -> bool:
        """Whether pieces have a close text."""

    @property
    def boundaries(self) -> Sequence[int]:
        """Where pieces can end, in order; after the position of each cursor, all of them."""

    @property
    def end(self) -> int:
        """The end of what can be shown."""


class Cursor:
    """A ``LiveCursor``. Offsets are in characters."""

    def __init__(self, view: View, position: int, late: int) -> None:
        """With the end of what the first piece has at least."""
        self._view = view
        self._shown = view.shown
        self.position = position
        """What is before it is taken, and does not change unless ``replace`` is called."""
        self._units = view.shown.text.units(position)
        """The position in UTF-16 code units."""
        self._element: Element | None = None
        """The innermost open element there, if it is known."""
        self._late = late
        self._replaces = False
        """Whether the reader has more than what is before the position."""
        self._reach = 0
        """The next piece reaches at least this far, so that what the reader has seen does not disappear."""

        self._frozen: tuple[int, int, bool] | None = None
        """While the view is being changed: ``ready``, ``waiting`` and ``ended`` before that."""

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def freeze(self) -> None:
        """Read nothing of the view until ``thaw``."""
        self._frozen = self.ready, self.waiting, self.ended

    def thaw(self) -> None:
        self._frozen = None

    @property
    def settled(self) -> int:
        return self._shown.settled_units

    @property
    def ready(self) -> int:
        """The protocol's; while there is something to replace, at least 1."""
        if self._frozen is not None:
            return self._frozen[0]
        boundaries = self._view.boundaries
        last = boundaries[-1] if boundaries else 0
        # Read several times for each chunk: comparisons are faster than max().
        if self._late > last:  # noqa: PLR1730
            last = self._late
        if self._reach > last:  # noqa: PLR1730
            last = self._reach
        ready = last - self.position
        return ready if ready > 0 else int(self._replaces)

    @property
    def waiting(self) -> int:
        if self._frozen is not None:
            return self._frozen[1]
        waiting, ready = self._view.end - self.position, self.ready
        return waiting if waiting > ready else ready  # noqa: FURB136 - faster than max()

    @property
    def ended(self) -> bool:
        if self._frozen is not None:
            return self._frozen[2]
        shown = self._shown
        return shown.is_complete and self.position == shown.text.length and not self._replaces

    def replace(self, start: int, was: int) -> None:
        """Record that what was in ``[start, was)`` is not the document any more."""
        reach = max(self._reach, self.position)
        if start < reach:
            # As much as was not seen of what was replaced is not seen of what replaces it.
            self._reach = max(start, self._shown.text.length - (was - reach))
        if start < self.position:
            self.position = start
            self._replaces = True
            self._element = None

    def take(self, most: int, *, whole: bool = False) -> LivePiece | None:
        if self._frozen is not None:
            return None
        shown, start = self._shown, self.position
        end = self._end(most, whole=whole)
        if end <= start and not self._replaces:
            return None
        data = shown.text.slice(start, end)
        close: str | UnsetType = UNSET
        if self._view.has_close:
            self._element = after(self._element or shown.elements.at(start), data)
            close = self._element.close
        replaced: int | UnsetType = UNSET
        if self._replaces:
            self._units = replaced = shown.text.units(start)
            self._replaces = False
        self._units += utf16_length(data)
        self.position = end
        self._late = self._reach = 0
        return LivePiece(data, shown.settled_units if shown.settled <= end else self._units, close, replaced)

    def _end(self, most: int, *, whole: bool) -> int:
        """Return where the next piece ends; the position if nothing can be taken."""
        boundaries, start, last = self._view.boundaries, self.position, self._view.end
        index = bisect_right(boundaries, start + most)
        end = boundaries[index - 1] if index else start
        if end <= start:
            end = boundaries[index] if index < len(boundaries) else start
        if end < self._reach:
            index = bisect_left(boundaries, self._reach)
            return boundaries[index] if index < len(boundaries) else max(start, last)
        if whole and end < last and (end <= start or last - start <= most):
            end = last
        return max(end, self._late)
