"""One reader of a feed."""

from collections.abc import Callable
from typing import Protocol

from service.content.live.piece import LiveCursor
from service.live.records import LiveRecord, LiveState
from service.protocol.errors import StreamingError


class Source(Protocol):
    """What a reading is of."""

    epoch: int
    error: StreamingError | None
    state: LiveState

    @property
    def lag_seconds(self) -> float: ...


class Reading:
    """A ``LiveReading``."""

    __slots__ = ("_seen", "cursor", "feed", "on_change", "record", "start", "waits_for_blocks")

    def __init__(  # noqa: PLR0913 - independent facts
        self,
        feed: Source,
        record: LiveRecord,
        cursor: LiveCursor,
        start: int,
        on_change: Callable[[], None],
        *,
        waits_for_blocks: bool,
    ) -> None:
        """``waits_for_blocks`` if the cursor only moves on when a block is settled, and never back."""
        self.feed = feed
        self.record = record
        self.cursor = cursor
        self.start = start
        self.on_change = on_change
        self.waits_for_blocks = waits_for_blocks
        self._seen = cursor.waiting

    @property
    def state(self) -> LiveState:
        return self.feed.state

    @property
    def epoch(self) -> int:
        return self.feed.epoch

    @property
    def lag_seconds(self) -> float:
        return self.feed.lag_seconds

    @property
    def error(self) -> StreamingError | None:
        """Why the stream ends as ``ERROR`` here although its producer did not end it so."""
        return self.feed.error

    def has_more(self) -> bool:
        """Return false if a change of the document was none for this reader."""
        if not self.waits_for_blocks:
            return True
        before, self._seen = self._seen, self.cursor.waiting
        return self._seen != before
