"""A model of a live store: streams in a dictionary, one call at a time, by the pure rules."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from service.live.append_rule import Room, StoredStream, decide
from service.live.lease import LEASE_SECONDS, STALLED_SECONDS, adoptable_seconds
from service.live.ports import Appended, AppendResult, Expiry
from service.live.records import Append, LiveRecord, LiveStatus
from tests.contract.live.samples import RESUME_TTL

_LEASE = round(1000 * LEASE_SECONDS)
_STALLED = round(1000 * STALLED_SECONDS)
_ADOPTABLE = round(1000 * adoptable_seconds(RESUME_TTL))
_KEPT = round(1000 * RESUME_TTL)


@dataclass
class _Stream:
    record: LiveRecord
    heard_at: int
    source: bytes = b""
    epoch: int = 0
    status: LiveStatus = LiveStatus.OPEN
    ended_at: int | None = None
    abandoned: bool = False
    """Whether it ended because its producer was lost."""
    lost: bool = False
    """Whether that was returned."""
    returned: bool = False
    """Whether its end was."""


class Model:
    """Each call has the moment at which it is made, in milliseconds."""

    def __init__(self, max_length: int) -> None:
        self._streams: dict[str, _Stream] = {}
        self._max_length = max_length

    @property
    def ids(self) -> Collection[str]:
        """Of all streams that were ever created."""
        return self._streams.keys()

    def create(self, now: int, record: LiveRecord) -> LiveRecord:
        for stream in self._kept(now):
            created = stream.record
            if created.creation_key and (created.session_key, created.creation_key) == (
                record.session_key,
                record.creation_key,
            ):
                return _as_of(stream, now)
        self._streams[record.stream_id] = _Stream(record, now)
        return record

    def append(self, now: int, appends: Sequence[Append]) -> list[AppendResult]:
        return [self._append(now, one) for one in appends]

    def _append(self, now: int, append: Append) -> AppendResult:
        stream = self._find(now, append.stream_id)
        room = Room(self._max_length, 10**9)
        if stream is None:
            return decide(None, append, room, lambda _start, _stop: b"")
        stored = StoredStream(stream.epoch, len(stream.source), stream.status)
        result = decide(stored, append, room, lambda start, stop: stream.source[start:stop])
        if isinstance(result, Appended) and stream.status is LiveStatus.OPEN:
            stream.source += result.data
            stream.heard_at, stream.lost, stream.status = now, False, result.status
            stream.ended_at = None if result.status is LiveStatus.OPEN else now
        return result

    def adopt(self, now: int, stream_id: str) -> LiveRecord | None:
        stream = self._find(now, stream_id)
        if stream is None:
            return None
        if stream.status is LiveStatus.OPEN:
            stream.epoch += 1
            stream.heard_at, stream.lost = now, False
        return _as_of(stream, now)

    def cancel(self, now: int, stream_id: str) -> LiveRecord | None:
        stream = self._find(now, stream_id)
        if stream is None or stream.status is not LiveStatus.OPEN:
            return None
        stream.status, stream.ended_at = LiveStatus.CANCELLED, now
        return _as_of(stream, now)

    def get(self, now: int, stream_id: str) -> LiveRecord | None:
        stream = self._find(now, stream_id)
        return None if stream is None else _as_of(stream, now)

    def read(self, now: int, stream_id: str, start: int) -> bytes:
        stream = self._find(now, stream_id)
        return b"" if stream is None else stream.source[start:]

    def open_streams(self, now: int, session_key: str) -> list[LiveRecord]:
        return [
            _as_of(stream, now)
            for stream in self._kept(now)
            if stream.record.session_key == session_key and stream.status is LiveStatus.OPEN
        ]

    def expire(self, now: int) -> Expiry:
        for stream_id in self._streams:
            self._find(now, stream_id)
        alive = [one for one in self._streams.values() if one.status is LiveStatus.OPEN or one.abandoned]
        lost = [one for one in alive if not one.lost and one.heard_at + _LEASE <= now]
        abandoned = [one for one in alive if one.abandoned and not one.returned]
        for stream in lost:
            stream.lost = True
        for stream in abandoned:
            stream.returned = True
        silent = [now - one.heard_at for one in alive if not one.abandoned]
        return Expiry(
            [_as_of(one, now) for one in lost],
            [_as_of(one, now) for one in abandoned],
            len(silent),
            sum(_STALLED <= one < _LEASE for one in silent),
            sum(one >= _LEASE for one in silent),
        )

    def _kept(self, now: int) -> list[_Stream]:
        found = (self._find(now, stream_id) for stream_id in list(self._streams))
        return [stream for stream in found if stream is not None]

    def _find(self, now: int, stream_id: str) -> _Stream | None:
        stream = self._streams.get(stream_id)
        if stream is None:
            return None
        if stream.status is LiveStatus.OPEN and stream.heard_at + _ADOPTABLE <= now:
            stream.status, stream.ended_at, stream.abandoned = LiveStatus.ERROR, stream.heard_at + _ADOPTABLE, True
        if stream.ended_at is not None and stream.ended_at + _KEPT <= now:
            return None
        return stream


def _as_of(stream: _Stream, now: int) -> LiveRecord:
    return replace(
        stream.record,
        epoch=stream.epoch,
        length=len(stream.source),
        status=stream.status,
        silent_seconds=(now - stream.heard_at) / 1000,
    )
