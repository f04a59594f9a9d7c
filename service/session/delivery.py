"""One stream on its way: the cursor over its chunks, and when it may move."""

from service.content.plan import Piece
from service.session.pacing import Pace
from service.session.source import ChunkSource

BURST_CHUNKS = 64
"""The most chunks of one ``take``: what a skip sends at once before others have their turn."""


class Delivery:
    """Gives out chunks of a source, none before it is due, none while paused, each once and in order."""

    __slots__ = (
        "_pace",
        "_paused_at",
        "_paused_seconds",
        "_source",
        "bytes",
        "due_at",
        "first_bytes",
        "first_index",
        "index",
        "skipped",
        "started_at",
    )

    def __init__(
        self, source: ChunkSource, gap_seconds: float, now: float, *, index: int = 0, bytes_before: int = 0
    ) -> None:
        """It begins at ``index``, before which ``bytes_before`` were given out by another."""
        self._source = source
        self._pace = Pace(gap_seconds, now - index * gap_seconds)
        self._paused_at: float | None = None
        self.started_at = now
        self.first_index = index
        self.first_bytes = bytes_before
        self.index = index
        """The index of the next chunk, which is the number of chunks given out, here or elsewhere."""
        self.bytes = bytes_before
        """UTF-8 bytes of data given out, here or elsewhere."""
        self.due_at = now
        """When the next chunk may go; meaningless once finished."""
        self._paused_seconds = 0.0
        self.skipped = False

    @property
    def paused(self) -> bool:
        return self._paused_at is not None

    @property
    def finished(self) -> bool:
        return self._source.ended(self.index)

    def paused_seconds(self, now: float) -> float:
        """How long it has been paused in all."""
        return self._paused_seconds + (now - self._paused_at if self._paused_at is not None else 0.0)

    def take(self, now: float) -> list[Piece]:
        """The chunks that are due, in order; their indices follow on from ``index`` as it was."""
        chunks: list[Piece] = []
        if self._paused_at is not None or now < self.due_at:
            return chunks
        if not self.skipped:
            self._pace.forgive(self.index, now)
        while len(chunks) < BURST_CHUNKS and self.due_at <= now:
            chunk = self._source.chunk(self.index)
            if chunk is None:
                break
            chunks.append(chunk)
            self.index += 1
            data = chunk[0]
            self.bytes += len(data) if data.isascii() else len(data.encode())
            if not self.skipped:
                self.due_at = self._pace.due(self.index)
        return chunks

    def pause(self, now: float) -> None:
        """Hold all chunks; a second pause changes nothing."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        """Go on with the rest of the gap that the pause cut short."""
        if self._paused_at is not None:
            pause_seconds = now - self._paused_at
            self._paused_at = None
            self._paused_seconds += pause_seconds
            self._pace.shift(pause_seconds)
            if not self.skipped:
                self.due_at = self._pace.due(self.index)

    def skip(self, now: float) -> None:
        """What is left is due at once, merged; a second skip changes nothing."""
        if self.skipped:
            return
        self.hurry(now)
        self._source.skip(self.index)

    def hurry(self, now: float) -> None:
        """What is left is due at once, as it was cut."""
        self.skipped = True
        self.due_at = now
