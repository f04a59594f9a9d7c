"""What live streams need from adapters."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from service.live.records import Append, LiveRecord, LiveStatus


class Appended(Struct, frozen=True):
    """The source has ``length`` bytes now; ``data`` are those of them that are new, and ``status`` is the stream's."""

    length: int
    data: bytes
    status: LiveStatus
    repeated: bool = False
    """Whether the stream had ended so before."""


class Refused(Struct, frozen=True):
    """Nothing was stored. ``reason`` is a member of ``service.live.append_rule.Refusal``."""

    reason: str
    length: int
    """Of the source that is stored; if too much waits to be stored, the offset of the append."""
    status: LiveStatus = LiveStatus.OPEN


AppendResult = Appended | Refused


class Expiry(Struct, frozen=True):
    """What ``LiveStore.expire`` found. Of all processes, one finds each loss and each end."""

    lost: Sequence[LiveRecord]
    """Streams whose lease is over since their producer was heard of."""
    abandoned: Sequence[LiveRecord]
    """Streams that ended as ``error``."""
    open: int
    """Streams of the store that have not ended, stalled and interrupted ones included."""
    stalled: int
    interrupted: int


class LiveStore(Protocol):
    """Live streams and their sources. Every implementation passes tests/contract/live.

    Coroutines raise only ``StoreUnavailable`` of ``service.session.ports``; then the operation may have been performed.
    """

    async def create(self, record: LiveRecord) -> LiveRecord:
        """Store a new stream, or return the one that has the same ``session_key`` and ``creation_key``.

        Raises ``StoreFull``, a ``StoreUnavailable``, if the store has no room.
        """

    async def append(self, appends: Sequence[Append]) -> Sequence[AppendResult]:
        """Store all of them in order, in one transaction. When it returns they survive the death of this process.

        Each that is not refused renews the lease of its stream, also one without data.
        """

    async def adopt(self, stream_id: str) -> LiveRecord | None:
        """Increment the epoch of an open stream and renew its lease; return it, or an ended one as it is.

        ``None`` if there is no such stream.
        """

    async def cancel(self, stream_id: str) -> LiveRecord | None:
        """End an open stream as ``cancelled`` and return it: in one of several calls. ``None`` in the others."""

    async def get(self, stream_id: str) -> LiveRecord | None:
        """Return the record; ``None`` if there is none or if its time to live is over."""

    async def read(self, stream_id: str, start: int) -> bytes:
        """Return the source from ``start`` on; nothing if there is no such stream."""

    async def open_streams(self, session_key: str) -> Sequence[LiveRecord]:
        """Return the open streams of a session, the oldest first."""

    async def expire(self) -> Expiry:
        """Find the streams whose lease is over; end as ``error`` those that were not adopted in their time to live.

        Ended streams are deleted after the same time.
        """

    async def close(self) -> None:
        """Release all resources."""


class StreamCreated(Struct, frozen=True, tag=True):
    record: LiveRecord


class SourceStored(Struct, frozen=True, tag=True):
    stream_id: str
    epoch: int
    offset: int
    """Of the first byte of ``data``."""
    data: bytes
    status: LiveStatus
    age_seconds: float = 0.0
    """Since the oldest byte of it was received, when the notice was made: for telemetry."""


class StreamTouched(Struct, frozen=True, tag=True):
    """Its producer was heard of, or another producer has adopted it."""

    stream_id: str
    epoch: int


LiveNotice = StreamCreated | SourceStored | StreamTouched


class LiveBus(Protocol):
    """Notices between the processes of a service. One may be lost: what matters is in the store."""

    def publish(self, notices: Sequence[LiveNotice]) -> None:
        """Send to all other processes. Never blocks, never raises."""

    def running(self, receive: Callable[[LiveNotice], None]) -> AbstractAsyncContextManager[None]:
        """Receive the notices of other processes while the context lasts. ``receive`` is called in the event loop."""

    def follow(self, stream_id: str) -> None:
        """Receive the notices of this stream, beside those of created streams."""

    def unfollow(self, stream_id: str) -> None:
        """Receive them no longer."""
