"""A view of a document that grows: where the pieces of its readers can end, found once for readers of one kind."""

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from weakref import WeakSet

from service.content.live.cursor import Cursor
from service.content.live.document import Change
from service.content.live.shown import Shown
from service.protocol.messages import ChunkBy

_MIN_TRIMMED = 1024


class LiveView(ABC):
    """Boundaries are kept from the last one on that all readers have taken. Offsets are in characters."""

    has_close = False

    def __init__(self, shown: Shown, chunk_by: ChunkBy) -> None:
        """With a document of which something may be shown already."""
        self.shown = shown
        self.boundaries = array("i")
        self._chunk_by = chunk_by
        self._cursors: WeakSet[Cursor] = WeakSet()
        self._trim_at = 0

    @property
    def has_readers(self) -> bool:
        return bool(self._cursors)

    @property
    @abstractmethod
    def end(self) -> int:
        """The end of what can be shown."""

    @property
    @abstractmethod
    def _late(self) -> int:
        """The end of what a late reader gets in one piece."""

    @property
    def cursors(self) -> Iterable[Cursor]:
        """Of the readers that there are."""
        return self._cursors

    def work(self, change: Change) -> int:
        """The most characters that ``apply`` reads."""
        return len(change.text)

    def cursor(self, position: int) -> Cursor:
        """Return the cursor of a reader who has what is before ``position``."""
        cursor = Cursor(self, position, self._late)
        self._cursors.add(cursor)
        return cursor

    def apply(self, change: Change, was: int) -> None:
        """Find the boundaries of what ``change`` has appended or replaced, where the length ``was`` another one."""
        self._apply(change, was)
        if len(self.boundaries) > self._trim_at:
            self._trim()

    @abstractmethod
    def _apply(self, change: Change, was: int) -> None: ...

    @abstractmethod
    def finish(self) -> None:
        """Find the last boundaries."""

    def _trim(self) -> None:
        """Forget the boundaries before the last one that all readers have taken."""
        taken = min((cursor.position for cursor in self._cursors), default=self.shown.text.length)
        first = bisect_left(self.boundaries, taken) - 1
        if first > 0:
            del self.boundaries[:first]
        self._trim_at = max(_MIN_TRIMMED, 2 * len(self.boundaries))
