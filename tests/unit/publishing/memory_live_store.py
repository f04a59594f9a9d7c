"""Live streams in memory, as a store has them, without time."""

from collections.abc import Sequence

from msgspec.structs import replace

from service.live.append_rule import Refusal, Room, StoredStream, decide
from service.live.ports import Appended, AppendResult, Expiry, Refused
from service.live.records import Append, LiveRecord, LiveStatus
from service.session.ports import StoreUnavailable

MAX_LENGTH = 1000


class MemoryLiveStore:
    """With a ``failure`` every call raises it."""

    def __init__(self) -> None:
        self.records: dict[str, LiveRecord] = {}
        self.sources: dict[str, bytes] = {}
        self.failure: StoreUnavailable | None = None
        self.reads = 0
        self.max_length = 100_000

    async def create(self, record: LiveRecord) -> LiveRecord:
        self._fail()
        for known in self.records.values():
            if record.creation_key and known.creation_key == record.creation_key:
                return known
        self.records[record.stream_id] = record
        self.sources[record.stream_id] = b""
        return record

    async def append(self, appends: Sequence[Append]) -> Sequence[AppendResult]:
        self._fail()
        return [self._append(append) for append in appends]

    def _append(self, append: Append) -> AppendResult:
        record = self.records.get(append.stream_id)
        stored = None if record is None else StoredStream(record.epoch, record.length, record.status)
        source = self.sources.get(append.stream_id, b"")
        result = decide(stored, append, Room(self.max_length, self.max_length), lambda start, end: source[start:end])
        if isinstance(result, Appended) and record is not None:
            self.sources[append.stream_id] = source + result.data
            self.records[append.stream_id] = replace(record, length=result.length, status=result.status)
        return result

    async def adopt(self, stream_id: str) -> LiveRecord | None:
        self._fail()
        record = self.records.get(stream_id)
        if record is not None and record.status is LiveStatus.OPEN:
            record = self.records[stream_id] = replace(record, epoch=record.epoch + 1)
        return record

    async def cancel(self, stream_id: str) -> LiveRecord | None:
        self._fail()
        record = self.records.get(stream_id)
        if record is None or record.status is not LiveStatus.OPEN:
            return None
        record = self.records[stream_id] = replace(record, status=LiveStatus.CANCELLED)
        return record

    async def get(self, stream_id: str) -> LiveRecord | None:
        self._fail()
        return self.records.get(stream_id)

    async def read(self, stream_id: str, start: int) -> bytes:
        self._fail()
        self.reads += 1
        return self.sources.get(stream_id, b"")[start:]

    def be_silent(self, stream_id: str, seconds: float) -> None:
        """Its producer was not heard of for this time."""
        self.records[stream_id] = replace(self.records[stream_id], silent_seconds=seconds)

    async def open_streams(self, session_key: str) -> Sequence[LiveRecord]:
        self._fail()
        return [
            record
            for record in self.records.values()
            if record.session_key == session_key and record.status is LiveStatus.OPEN
        ]

    async def expire(self) -> Expiry:
        return Expiry((), (), len(self.records), 0, 0)

    async def close(self) -> None:
        """Nothing is open."""

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class DirectWriter:
    """Stores each append at once."""

    def __init__(self, store: MemoryLiveStore) -> None:
        self._store = store
        self.overloaded = False

    async def append(self, append: Append) -> AppendResult:
        if self.overloaded:
            return Refused(Refusal.OVERLOADED, len(self._store.sources[append.stream_id]))
        [result] = await self._store.append([append])
        return result
