"""The delivery of a live stream to one reader: when it gets how much of what has arrived."""

import math
from collections import deque
from typing import NamedTuple

from msgspec import UNSET

from service.content.live.piece import LiveCursor, LivePiece
from service.events import LiveChunk
from service.protocol.messages import GAP_SECONDS, Speed
from service.session.arrivals import Arrivals

HOLD_SECONDS = 0.23
"""Nothing waits longer for the sake of the pace. With the grid of the ticker and a busy loop that is under 250 ms."""
END_SECONDS = 0.28
"""After the end of the stream, all is sent in this time."""
TAIL_CHARACTERS = 64
"""A segment that grows longer than this is sent before its end."""

_MIN_GAP_SECONDS = 0.02
_HEADROOM = 1.1
"""By which a reader is faster than the source, so that what has waited is caught up."""
_GAP_RATIO = 1.6
"""The most by which the gap until the next burst is longer than those within one."""
_LATE_GAP = 0.3
"""The part of a gap that may be missing before the last chunk of a burst."""
_SLACK_CHARACTERS = 12
"""By which a chunk may be longer than planned, rather than leave a word that is due for a chunk of its own."""
_FROZEN_SECONDS = 0.01
"""After which a cursor is tried again whose view was being changed."""
_BURST_PIECES = 64
"""The most pieces of one ``take``, so that a reader that catches up does not hold back other connections."""


class _Part(NamedTuple):
    """Text that arrived at one time."""

    arrived_at: float
    lag_seconds: float
    end: int
    """In the count of all characters that have arrived for the reader."""


class LiveDelivery:
    """Takes pieces from a cursor: all in order, none during a pause. All times are monotonic seconds.

    A piece reserves the time after it: as long as its characters take to arrive at the estimated rate. So text that
    comes in bursts is spread, and a slow source is never delayed. What arrives in long intervals is sent in few large
    pieces, as evenly as ``HOLD_SECONDS`` permit. A named speed is the shortest gap between two pieces.
    """

    __slots__ = (
        "_arrivals",
        "_cursor",
        "_ends_at",
        "_floor_seconds",
        "_flushes",
        "_held_until",
        "_last_at",
        "_max_characters",
        "_next_at",
        "_parts",
        "_paused_at",
        "_paused_seconds",
        "_ready_at",
        "_taken",
        "_waiting",
        "bytes",
        "due_at",
        "first_chunk_seconds",
        "index",
        "longest_gap_seconds",
        "longest_wait_seconds",
        "replacements",
        "skipped",
        "started_at",
    )

    def __init__(self, cursor: LiveCursor, speed: Speed, max_characters: int, now: float) -> None:
        """``max_characters`` is the limit of a chunk. What can be shown already is due at once."""
        self._cursor = cursor
        self._max_characters = max_characters
        self._floor_seconds = GAP_SECONDS.get(speed, 0.0)
        self._arrivals = Arrivals()
        self._parts: deque[_Part] = deque()
        self._taken = 0
        """Characters that were taken, in the count of ``_Part.end``."""
        self._waiting = cursor.waiting
        """Of the cursor, when it was examined last."""
        if self._waiting:
            self._parts.append(_Part(now, 0.0, self._waiting))
        self._next_at = self._last_at = -math.inf
        """The end of the time that the last piece has reserved, and when it was taken."""
        self._ready_at = math.inf
        """Since when the cursor has been ready; infinite if it is not."""
        self._flushes = self._waiting > 0
        """Whether all that waits is due."""
        self._held_until = now
        """Before that, the reader held back what it would have received."""
        self._ends_at: float | None = None
        self._paused_at: float | None = None
        self._paused_seconds = 0.0
        self.started_at = now
        self.skipped = False
        self.due_at = now if self._waiting else math.inf
        """When the next piece is due; infinite if none is before the cursor has more."""
        self.index = 0
        """Of the next chunk."""
        self.bytes = 0
        """UTF-8 bytes of the data of all chunks."""
        self.replacements = 0
        self.first_chunk_seconds: float | None = None
        """Since the start."""
        self.longest_gap_seconds = 0.0
        self.longest_wait_seconds = 0.0

    @property
    def finished(self) -> bool:
        """Whether the document is complete, and all of it was taken."""
        return self._cursor.ended

    @property
    def paused(self) -> bool:
        return self._paused_at is not None

    def paused_seconds(self, now: float) -> float:
        """The sum of all pauses until ``now``."""
        return self._paused_seconds + (now - self._paused_at if self._paused_at is not None else 0.0)

    def notice(self, now: float, lag_seconds: float = 0.0) -> None:
        """The cursor may have more. ``lag_seconds`` is how long ago it arrived at the service."""
        waiting = self._cursor.waiting
        grown = waiting - self._waiting
        if grown > 0:
            self._waiting = waiting
            self._arrivals.add(grown, now)
            self._parts.append(_Part(now, lag_seconds, self._taken + waiting))
            self._update_due(now)
        elif grown < 0:  # a replacement by less
            self._waiting = waiting
            self._trim()
            self._update_due(now)

    def take(self, now: float) -> list[tuple[LivePiece, LiveChunk]]:
        """Return the pieces that are due and advance ``index``; the first of them has the former ``index``."""
        taken: list[tuple[LivePiece, LiveChunk]] = []
        if self._paused_at is not None or now < self.due_at:
            return taken
        gap, behind = self._gap(), self._behind(now)
        due, planned = self._amounts(gap, behind, now)
        whole = due > (ready := self._cursor.ready) or not ready
        before = self._taken
        most = min(self._max_characters, math.ceil(planned) + (_SLACK_CHARACTERS if due else 1))
        while len(taken) < _BURST_PIECES:
            piece = self._cursor.take(most, whole=whole)
            if piece is None:
                break
            taken.append((piece, self._count(piece, now)))
            left = due - (self._taken - before)
            if left <= 0:
                break
            most = min(self._max_characters, left + _SLACK_CHARACTERS)
        if taken:
            self._last_at = now
            rate = _HEADROOM * self._arrivals.rate
            reserved = (self._taken - before) / rate if rate else 0.0
            self._next_at = now - behind + reserved
            self._flushes = self.skipped or (self._flushes and len(taken) == _BURST_PIECES)
            self._update_due(now)
        elif self._cursor.frozen:
            self.due_at = now + _FROZEN_SECONDS
        else:
            self.due_at = math.inf  # nothing that can be shown: wait for more
        return taken

    def pause(self, now: float) -> None:
        """Hold back everything; a second pause changes nothing."""
        if self._paused_at is None:
            self._paused_at = now
            self.due_at = math.inf

    def resume(self, now: float) -> None:
        """End the pause: what has arrived since is due."""
        if self._paused_at is not None:
            self._paused_seconds += now - self._paused_at
            self._paused_at = None
            self.release(now)

    def release(self, now: float) -> None:
        """The connection accepts chunks again: what has arrived since is due, in chunks as long as they may be."""
        self._held_until = now
        self._flushes = True
        self._update_due(now)

    def skip(self, now: float) -> None:
        """Everything is due when it arrives, in chunks as long as they may be; a second skip changes nothing."""
        self.skipped = self._flushes = True
        self._update_due(now)

    def finish(self, now: float) -> None:
        """The stream has ended; a second call changes nothing."""
        if self._ends_at is None:
            self._ends_at = now + END_SECONDS
            self.notice(now)
            self._update_due(now)

    def _gap(self) -> float:
        """Return the time between two pieces.

        With long intervals between bursts, few pieces fit between the first and the last that a burst may have.
        """
        silence = self._arrivals.interval_seconds - HOLD_SECONDS
        steps = max(1, int(HOLD_SECONDS / max(_MIN_GAP_SECONDS, silence / _GAP_RATIO)))
        return max(self._floor_seconds, HOLD_SECONDS / steps)

    @property
    def _pauses(self) -> bool:
        """Whether the source pauses for so long that each burst is divided by itself."""
        return self._arrivals.interval_seconds > HOLD_SECONDS

    def _behind(self, now: float) -> float:
        """Return by how much the pace is late although text was ready: because of the grid, and of whole words."""
        was_ready = self._ready_at <= self._next_at < now
        return min(now - self._next_at, HOLD_SECONDS) if was_ready else 0.0

    def _amounts(self, gap: float, behind: float, now: float) -> tuple[int, float]:
        """Return the characters that cannot wait for another gap, and those that are sent for an even pace."""
        if self._flushes:
            return self._waiting, self._waiting
        due, planned = 0, 0.0
        if not self._pauses:
            planned = (gap + behind) * _HEADROOM * self._arrivals.rate
        held_from = now - max(HOLD_SECONDS, self._floor_seconds)
        ends_in = None if self._ends_at is None else self._ends_at - now
        for arrived_at, _, end in self._parts:
            left = arrived_at - held_from
            gaps = int(left / gap + _LATE_GAP) if ends_in is None else int(min(left, ends_in) / gap)
            characters = end - self._taken
            share: float = characters
            if gaps <= 0:
                due = characters
            else:
                share = characters / (gaps + 1)
            if share > planned:  # noqa: PLR1730 - max() is slower, and this is the inner loop of each chunk
                planned = share
        return due, planned

    def _count(self, piece: LivePiece, now: float) -> LiveChunk:
        """Count a piece that was taken; return when it was sent."""
        waiting = self._cursor.waiting
        self._taken += self._waiting - waiting
        self._waiting = waiting
        data = piece.data
        self.bytes += len(data) if data.isascii() else len(data.encode())
        gap: float | None = None
        if self._last_at > self._held_until:
            gap = now - self._last_at
            self.longest_gap_seconds = max(self.longest_gap_seconds, gap)
        if self.index == 0:
            self.first_chunk_seconds = now - self.started_at
        self.index += 1
        replaced = piece.start is not UNSET
        self.replacements += replaced
        chunk = LiveChunk(self._pop_wait(now), gap, replaced)
        self.longest_wait_seconds = max(self.longest_wait_seconds, chunk.waited_seconds)
        return chunk

    def _pop_wait(self, now: float) -> float:
        """Drop the parts that are taken; return how long the oldest of the piece has waited, without what was held."""
        if not self._parts:
            return 0.0
        oldest = self._parts[0]
        while self._parts and self._parts[0].end <= self._taken:
            self._parts.popleft()
        if oldest.arrived_at <= self._held_until:
            return now - self._held_until
        return now - oldest.arrived_at + oldest.lag_seconds

    def _trim(self) -> None:
        """Forget the newest parts beyond what waits."""
        end = self._taken + self._waiting
        while self._parts and self._parts[-1].end > end:
            part = self._parts.pop()
            start = self._parts[-1].end if self._parts else self._taken
            if start < end:
                self._parts.append(part._replace(end=end))

    def _update_due(self, now: float) -> None:
        if self._paused_at is not None or not self._waiting:
            self.due_at = self._ready_at = math.inf
        elif self._flushes:
            self.due_at = now
        else:
            ready = self._cursor.ready
            self._ready_at = min(self._ready_at, now) if ready else math.inf
            due_at = self._parts[0].arrived_at + max(HOLD_SECONDS, self._floor_seconds)
            # The rest of a segment is not awaited if it will come too late.
            if self._pauses:
                due_at = min(due_at, self._last_at + self._gap())
            elif ready or self._waiting >= TAIL_CHARACTERS:
                due_at = min(due_at, max(self._next_at, self._last_at + _MIN_GAP_SECONDS))
            if self._ends_at is not None:
                due_at = min(due_at, self._ends_at)
            self.due_at = max(due_at, self._last_at + self._floor_seconds)
