"""The delivery of one stream: the cursor and the pace over its chunks."""

from service.content.plan import Piece
from service.session.pace import Pace
from service.session.run import Run
from service.session.source import ChunkSource

BURST_CHUNKS = 64
"""The most chunks of one ``take``, so that a skipped stream does not hold back other connections."""


class Delivery:
    """Takes chunks from a source, each once and in order: none before it is due, none during a pause."""

    __slots__ = (
        "_held_until",
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
        """Start at ``index``, after ``bytes_before`` that another connection has sent."""
        self._source = source
        self._pace = Pace(gap_seconds, now - index * gap_seconds)
        self._paused_at: float | None = None
        self._held_until = now
        """Until then the connection accepted nothing, or the client held back what it would have accepted."""
        self.started_at = now
        self.first_index = index
        self.first_bytes = bytes_before
        self.index = index
        """Of the next chunk."""
        self.bytes = bytes_before
        """UTF-8 bytes of the data of all chunks before ``index``."""
        self.due_at = now
        """When the next chunk is due; without meaning when finished."""
        self._paused_seconds = 0.0
        self.skipped = False

    @property
    def paused(self) -> bool:
        return self._paused_at is not None

    @property
    def finished(self) -> bool:
        return self._source.ended(self.index)

    def paused_seconds(self, now: float) -> float:
        """The sum of all pauses until ``now``."""
        return self._paused_seconds + (now - self._paused_at if self._paused_at is not None else 0.0)

    def take(self, now: float) -> tuple[list[Piece], list[float]]:
        """Return the chunks that are due and advance ``index``; the first of them has the former ``index``.

        Return also how late each of them is, in seconds; nothing if they are skipped, which have no due time.
        """
        chunks: list[Piece] = []
        lags: list[float] = []
        if self._paused_at is not None or now < self.due_at:
            return chunks, lags
        if not self.skipped:
            self._pace.rebase(self.index, now)
        while len(chunks) < BURST_CHUNKS and self.due_at <= now:
            chunk = self._source.chunk(self.index)
            if chunk is None:
                break
            chunks.append(chunk)
            self.index += 1
            data = chunk[0]
            self.bytes += len(data) if data.isascii() else len(data.encode())
            if not self.skipped:
                lags.append(now - max(self.due_at, self._held_until))
                self.due_at = self._pace.due(self.index)
        return chunks, lags

    def run(self, until: float) -> Run | None:
        """Return the chunks after the first one that ``take`` would return one by one before ``until``, if any.

        None of them is the last one of the stream.
        """
        if self.skipped or self.index == self.first_index:
            return None
        pace = self._pace
        seconds = until - self.due_at - pace.late_seconds
        end = min(self._source.planned, self.index + int(seconds / pace.gap_seconds))
        if end <= self.index:
            return None
        return Run(self._source.frames, self.index, end, pace, until)

    def advance(self, count: int) -> None:
        """Take ``count`` chunks, which were sent as a run."""
        end = self.index + count
        self.bytes += self._source.size_bytes(self.index, end)
        self.index = end
        self.due_at = self._pace.due(end)

    def pause(self, now: float) -> None:
        """Hold back all chunks; a second pause changes nothing."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        """End the pause: what was left of the gap is left now."""
        if self._paused_at is not None:
            pause_seconds = now - self._paused_at
            if self._held_until > self._paused_at:
                self.release(now)
            self._paused_at = None
            self._paused_seconds += pause_seconds
            self._pace.shift(pause_seconds)
            if not self.skipped:
                self.due_at = self._pace.due(self.index)

    def release(self, now: float) -> None:
        """The connection accepts chunks again: what was due before is late from now on."""
        self._held_until = now

    def skip(self, now: float) -> None:
        """Merge the remaining chunks and make them due now; a second skip changes nothing."""
        if not self.skipped:
            self.flush(now)
            self._source.skip(self.index)

    def flush(self, now: float) -> None:
        """Make the remaining chunks due now, without merging them."""
        self.skipped = True
        self.due_at = now
