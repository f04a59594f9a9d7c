"""The store of live streams in an SQLite file, and in memory."""

from pathlib import Path

import pytest

from service.live.ports import LiveStore
from service.stores.sqlite.live_store import SqliteLiveStore
from tests.contract.live.contract import LiveStoreContract
from tests.contract.live.samples import RESUME_TTL
from tests.contract.live.sharing import SharedLiveStoreContract
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
            return await self.rows(store, "SELECT count(*) FROM heads WHERE ended_at <= ?") == 0

        await eventually(is_deleted)

    async def rows(self, store: LiveStore, query: str) -> int:
        assert isinstance(store, SqliteLiveStore)
        before = (self.now / 1000 - RESUME_TTL,)
        work = store._thread.call(lambda rows: rows.execute(query, before).fetchall())  # noqa: SLF001 - no call returns it
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
