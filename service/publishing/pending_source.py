"""What one producer has sent and the store does not have yet."""

from collections import deque

from service.live.append_limits import MAX_APPEND_BYTES, MAX_QUEUED_BYTES
from service.live.records import Append, LiveStatus

_MAX_WAITING = 1024
"""The most parts that wait because they do not follow on one another."""


class _Part:
    """Consecutive appends, which are stored together, perhaps with the end; or a sign of life."""

    __slots__ = ("data", "digest", "ends", "offset")

    def __init__(self, offset: int, data: bytes, ends: LiveStatus | None, digest: bytes | None) -> None:
        self.offset = offset
        self.data = bytearray(data)
        self.ends = ends
        self.digest = digest

    def takes(self, offset: int, size: int) -> bool:
        """Whether ``size`` bytes at the offset follow on it."""
        whole = len(self.data) + size
        return self.ends is None and self.offset + len(self.data) == offset and whole <= MAX_APPEND_BYTES


class PendingSource:
    """Joins what is put while a part is being stored, which is the last that ``take`` returned."""

    __slots__ = ("_storing", "_waiting", "accepted", "bytes", "durable")

    def __init__(self, length: int) -> None:
        """``length`` bytes of the source are stored."""
        self.accepted = self.durable = length
        self.bytes = 0
        """Not stored yet."""
        self._waiting: deque[_Part] = deque()
        self._storing: _Part | None = None

    def __bool__(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        return self.bytes > MAX_QUEUED_BYTES or len(self._waiting) > _MAX_WAITING

    @property
    def has_room(self) -> bool:
        return self.bytes <= MAX_QUEUED_BYTES // 2 and len(self._waiting) <= _MAX_WAITING // 2

    @property
    def ends(self) -> bool:
        """Whether the end is being stored."""
        return self._storing is not None and self._storing.ends is not None

    def put(self, offset: int, data: bytes, ends: LiveStatus | None = None, digest: bytes | None = None) -> None:
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last.takes(offset, len(data)):
            last.data += data
            last.ends, last.digest = ends, digest
        else:
            self._waiting.append(_Part(offset, data, ends, digest))
        self.bytes += len(data)
        if offset <= self.accepted:
            self.accepted = max(self.accepted, offset + len(data))

    def take(self, stream_id: str, epoch: int) -> Append:
        """Return the next part, until ``stored`` or ``refused``."""
        part = self._storing = self._waiting.popleft()
        return Append(stream_id, epoch, part.offset, bytes(part.data), part.ends, part.digest)

    def stored(self, length: int) -> None:
        """The source has this number of bytes."""
        self.durable = max(self.durable, length)
        self.accepted = max(self.accepted, self.durable)
        self._done()

    def refused(self) -> None:
        """Nothing of the part was stored; what follows on it is refused too."""
        self.accepted = self.durable
        self._done()

    def drop(self) -> None:
        """Forget what waits; what is being stored may be stored."""
        self._waiting.clear()
        self.bytes = 0 if self._storing is None else len(self._storing.data)
        self.accepted = self.durable

    def _done(self) -> None:
        if self._storing is not None:
            self.bytes -= len(self._storing.data)
            self._storing = None
