"""Feeds of documents in memory, for tests in virtual time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from service.content.live.document import LiveDocument
from service.content.live.live_documents import create_document
from service.content.rules import DEFAULT_RULES
from service.events import Event, LiveMeter
from service.live.ports import LiveNotice, SourceStored, StreamTouched
from service.live.records import Append, LiveRecord, LiveState, LiveStatus
from service.process.ids import RandomIds
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode
from service.publishing.cancellation import Cancellation
from service.publishing.conversion_thread import ConversionThread
from service.publishing.feed_parts import FeedParts
from service.publishing.feeds import LiveFeeds
from service.session.live_ports import LiveReading, WatchTarget
from tests.unit.publishing.memory_live_store import MemoryLiveStore
from tests.unit.publishing.notices import a_record

_Result = TypeVar("_Result")

THREAD_SECONDS = 0.01


class SlowThread(ConversionThread):
    """Takes ``THREAD_SECONDS`` of virtual time for each piece of work; ``works`` is how many."""

    def __init__(self) -> None:
        self.works = 0
        self._lock = asyncio.Lock()

    async def run(self, work: Callable[[], _Result]) -> _Result:
        async with self._lock:
            self.works += 1
            await asyncio.sleep(THREAD_SECONDS)
            return work()


class Store(MemoryLiveStore):
    """With the time since the producer of each stream was heard of, and the notices that its appends make."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_at: dict[str, float] = {}
        self.gets = 0

    async def get(self, stream_id: str) -> LiveRecord | None:
        self.gets += 1
        record = await super().get(stream_id)
        if record is None:
            return None
        now = asyncio.get_running_loop().time()
        return replace(record, silent_seconds=now - self.heard_at.setdefault(stream_id, now))

    async def produce(self, data: bytes, ends: LiveStatus | None = None, stream_id: str = "stream") -> SourceStored:
        """Append at the end; return the notice of it."""
        record = self.records[stream_id]
        self.heard_at[stream_id] = asyncio.get_running_loop().time()
        [_] = await self.append([Append(stream_id, record.epoch, record.length, data, ends)])
        return SourceStored(stream_id, record.epoch, record.length, data, ends or LiveStatus.OPEN)

    async def adopted(self, stream_id: str = "stream") -> StreamTouched:
        """Let another producer adopt the stream; return the notice of it."""
        self.heard_at[stream_id] = asyncio.get_running_loop().time()
        record = await self.adopt(stream_id)
        assert record is not None
        return StreamTouched(stream_id, record.epoch)


class Reader:
    """Takes all that it can when it is woken, and counts that."""

    def __init__(self) -> None:
        self.kept = ""
        self.settled = 0
        self.woken = 0
        self.states: list[LiveState] = []
        self._reading: LiveReading | None = None

    @property
    def reading(self) -> LiveReading:
        assert self._reading is not None
        return self._reading

    def state(self) -> LiveState:
        return self.reading.state

    def last(self) -> LiveState:
        """The last state for which it was woken."""
        return self.states[-1]

    def attached(self, reading: LiveReading | None) -> None:
        assert reading is not None
        self._reading = reading
        self.take()

    def on_change(self) -> None:
        self.woken += 1
        self.take()
        if not self.states or self.states[-1] is not self.state():
            self.states.append(self.state())

    def take(self) -> None:
        while (piece := self.reading.cursor.take(1000, whole=True)) is not None:
            before = self.kept if not isinstance(piece.start, int) else first_units(self.kept, piece.start)
            self.kept = before + piece.data
            assert piece.settled >= self.settled
            self.settled = piece.settled


def first_units(text: str, units: int) -> str:
    """The beginning of a text, of this many UTF-16 code units."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le")


class Bench:
    """Feeds over a store, without a bus. ``document`` makes the documents; by default they are the real ones."""

    def __init__(self, document: Callable[[ContentType], LiveDocument] | None = None) -> None:
        self.store = Store()
        self.thread = SlowThread()
        self.meter = LiveMeter()
        self.events: list[Event] = []
        self.followed: list[str] = []
        self.created: list[LiveRecord] = []
        self.cancelled = Cancellation(self.store, self.notice, self, lambda: Instant(0.0, 0.0))
        self.feeds = LiveFeeds(
            FeedParts(
                store=self.store,
                create_document=document or _document,
                max_chunk_characters=1000,
                thread=self.thread,
                meter=self.meter,
                recorder=self,
                ids=RandomIds(lambda _trace_id, _parent: True),
            ),
            self.cancelled,
            follow=self.followed.append,
            unfollow=self.followed.remove,
            on_created=self.created.append,
        )

    def record(self, event: Event) -> None:
        self.events.append(event)

    def notice(self, notice: LiveNotice) -> None:
        self.feeds.notice(notice)

    async def create(self, content_type: ContentType = ContentType.TEXT, source: bytes = b"") -> None:
        await self.store.create(a_record(content_type=content_type))
        if source:
            await self.store.produce(source)

    async def produce(self, data: bytes, ends: LiveStatus | None = None) -> None:
        """Store the data, and let the feeds know."""
        self.feeds.notice(await self.store.produce(data, ends))
        await asyncio.sleep(0)

    async def reader(self, settled: int = 0, html_mode: HtmlMode = HtmlMode.INCREMENTAL) -> Reader:
        reader = Reader()
        reader.attached(await self.feeds.attach(target(settled=settled, html_mode=html_mode), reader.on_change))
        return reader


def target(
    *,
    settled: int = 0,
    html_mode: HtmlMode = HtmlMode.INCREMENTAL,
    session_key: str = "session",
    stream_id: str = "stream",
) -> WatchTarget:
    return WatchTarget(stream_id, session_key, html_mode, ChunkBy.WORD, settled)


def _document(content_type: ContentType) -> LiveDocument:
    return create_document(content_type, DEFAULT_RULES, Limits())
