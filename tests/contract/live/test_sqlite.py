"""The store of live streams in an SQLite file, and in memory."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from service.live.ports import LiveStore
from service.stores.sqlite.live_store import SqliteLiveStore
from service.stores.store_limits import LiveLimits
from tests.contract.live.contract import LiveStoreContract
from tests.contract.live.samples import RECORD, RESUME_TTL
from tests.contract.live.sharing import SharedLiveStoreContract
from tests.contract.live.store_tests import ID, append
from tests.waiting import eventually


class InSqlite(LiveStoreContract):
    """In memory, or in the file at ``path``."""

    path: Path | None = None

    def make(self) -> SqliteLiveStore:
        return SqliteLiveStore(
            self.path, self.limits, RESUME_TTL, lambda: self.now / 1000, sweep_seconds=0.01, measure=self.measure
        )

    async def expire(self, store: LiveStore) -> None:
        await store.expire()

        async def is_deleted() -> bool:
            over = self.now / 1000 - RESUME_TTL
            return await self.count(store, "heads WHERE ended_at <= ?", over) == 0

        await eventually(is_deleted)

    async def count(self, store: LiveStore, rows: str, *values: object) -> int:
        """The number of these rows."""
        assert isinstance(store, SqliteLiveStore)
        query = f"SELECT count(*) FROM {rows}"
        work = store._thread.call(lambda file: file.execute(query, values).fetchall())  # noqa: SLF001 - no call returns it
        [(number,)] = await work
        return int(number)


class TestInMemory(InSqlite):
    """The store of a single process."""


class TestInAFile(InSqlite, SharedLiveStoreContract):
    kind = "sqlite"

    @pytest.fixture
    def back_end(self, tmp_path: Path) -> None:
        self.path = tmp_path / "data" / "live.sqlite3"
        self.place = str(self.path)

    async def test_what_is_deleted_is_overwritten(self, store: LiveStore) -> None:
        assert self.path is not None
        content = [f"a secret {number} ".encode() * 20 for number in range(20)]
        for number, one in enumerate(content):
            await store.create(replace(RECORD, stream_id=f"{number}", creation_key=None))
            await store.append([append(0, one[:-1], to=f"{number}"), append(len(one) - 1, one[-1:], to=f"{number}")])
            await store.cancel(f"{number}")

        async def found() -> set[bytes]:
            files = (self.path, Path(f"{self.path}-wal"))
            data = b"".join([await asyncio.to_thread(file.read_bytes) for file in files if file is not None])
            return {one for one in content if one[:100] in data}

        assert await found() == set(content)
        self.wait(RESUME_TTL)
        await self.expire(store)

        async def none() -> bool:
            return await found() == set()

        await eventually(none)
        assert await self.count(store, "segments") == 0

    async def test_a_long_source_of_tokens_has_few_rows(self, store: LiveStore) -> None:
        self.limits = LiveLimits()
        source = bytes(range(256)) * 400
        await store.close()
        store = self.make()
        await store.create(RECORD)
        for first in range(0, len(source), 4000):
            part = range(first, min(first + 4000, len(source)), 4)
            await store.append([append(at, source[at : at + 4]) for at in part])
        assert await store.read(ID, 0) == source
        assert await self.count(store, "segments") < len(source) / 800
        await store.close()
