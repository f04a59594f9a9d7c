"""The writer over real stores that fail: producers repeat, and no byte is lost, doubled or shown too early."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from msgspec.structs import replace
from pydantic import SecretStr

from service.events import Event
from service.live.ports import Appended, LiveStore, SourceStored
from service.live.records import Append, LiveStatus
from service.process.sqlite_file import connect
from service.publishing.writer import LiveWriter
from service.session.ports import StoreUnavailable
from service.settings import Settings
from service.stores.factory import create_live_store
from tests.backends.fixtures import StartRedis
from tests.contract.live.samples import RECORD
from tests.waiting import eventually

SOURCE = bytes(range(256)) * 20
STREAMS = ("a", "b", "c")


class Scene:
    """Producers over one writer, and what its readers have seen."""

    def __init__(self, store: LiveStore) -> None:
        self.store = store
        self.events: list[Event] = []
        self.shown = dict.fromkeys(STREAMS, b"")
        self.failures = 0
        self.writer = LiveWriter(store, self._show, self)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def _show(self, notices: Sequence[SourceStored]) -> None:
        for one in notices:
            seen = len(self.shown[one.stream_id])
            # What a failed call has stored is not shown: a feed reads it when it sees the gap.
            assert one.offset >= seen
            missed = SOURCE[seen : one.offset]
            self.shown[one.stream_id] += missed + one.data

    async def produce(self, stream_id: str) -> None:
        """Append the source in small parts; repeat from the last offset that was durable."""
        offset = 0
        while offset < len(SOURCE):
            part = SOURCE[offset : offset + 16]
            ends = LiveStatus.COMPLETE if offset + len(part) == len(SOURCE) else None
            try:
                result = await self.writer.append(Append(stream_id, 0, offset, part, ends))
            except StoreUnavailable:
                self.failures += 1
                await asyncio.sleep(0.02)
            else:
                assert isinstance(result, Appended), result
                offset = result.length


@asynccontextmanager
async def producing(settings: Settings) -> AsyncIterator[Scene]:
    """Producers that run until the end of their sources, which are checked at the end of the context."""

    class Silent:
        def record(self, event: Event) -> None:
            """Implement ``Recorder``."""

    store = create_live_store(settings, Silent()).store
    scene = Scene(store)
    for one in STREAMS:
        await store.create(replace(RECORD, stream_id=one, creation_key=None))
    async with asyncio.TaskGroup() as producers:
        for one in STREAMS:
            producers.create_task(scene.produce(one))
        yield scene
    await scene.writer.close()
    for one in STREAMS:
        record = await store.get(one)
        assert record is not None
        assert (record.length, record.status) == (len(SOURCE), LiveStatus.COMPLETE)
        assert await store.read(one, 0) == SOURCE
        assert scene.shown[one] == SOURCE
    await store.close()


async def progress(scene: Scene) -> None:
    """Wait until something more is shown, or all of it is."""
    seen = sum(map(len, scene.shown.values()))

    async def more() -> bool:
        now = sum(map(len, scene.shown.values()))
        return now > seen or now == len(STREAMS) * len(SOURCE)

    await eventually(more)


async def test_redis_that_restarts_with_its_data(start_redis: StartRedis) -> None:
    running = start_redis("--appendonly", "yes", "--appendfsync", "always")
    async with producing(Settings(redis_url=SecretStr(running.url))) as scene:
        for _ in range(2):
            await progress(scene)
            await asyncio.to_thread(running.restart)
    assert scene.failures > 0


async def test_a_file_that_another_program_locks(tmp_path: Path) -> None:
    async with producing(Settings(data_dir=tmp_path)) as scene:

        async def waits() -> bool:
            return scene.writer.total_bytes > 0

        for _ in range(5):
            await progress(scene)
            with closing(connect(tmp_path / "live.sqlite3", 5)) as other:
                other.execute("BEGIN IMMEDIATE")
                await eventually(waits)
                other.execute("ROLLBACK")
    assert scene.failures == 0, "a lock is waited for"
