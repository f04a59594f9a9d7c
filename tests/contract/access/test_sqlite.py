"""The access store in an SQLite file, and in memory."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from service.access.ports import AccessStore
from service.process.sqlite_file import sync_journal
from service.stores.sqlite import access_store
from service.stores.sqlite.access_store import SqliteAccessStore
from tests.contract.access.contract import AccessStoreContract, SharedAccessStoreContract
from tests.contract.access.samples import BEGIN, KEY, SECOND, charge, revocation
from tests.waiting import eventually


class InSqlite(AccessStoreContract):
    """In memory, or in the file at ``path``."""

    path: Path | None = None
    sqlite: SqliteAccessStore
    """The latest store."""

    def make(self) -> SqliteAccessStore:
        self.sqlite = SqliteAccessStore(self.path, lambda: self.now, sweep_seconds=0.01, measure=self.measure)
        return self.sqlite

    async def expire(self) -> None:
        async def is_empty() -> bool:
            return await self.rows("revocations") + await self.rows("quotas") == 0

        await eventually(is_empty)

    async def rows(self, table: str) -> int:
        work = f"SELECT count(*) FROM {table}"
        [(number,)] = await self.sqlite._thread.call(lambda rows: rows.execute(work).fetchall())  # noqa: SLF001 - no call returns it
        return int(number)

    async def test_what_has_expired_is_deleted(self, store: AccessStore) -> None:
        await store.revoke(revocation(1), 60)
        await store.charge([charge(), charge(name="another")])
        assert (await self.rows("revocations"), await self.rows("quotas")) == (1, 2)
        self.move_to(BEGIN + 60 * SECOND)
        await self.expire()


class TestInMemory(InSqlite):
    """The store of a single process."""


class TestInAFile(InSqlite, SharedAccessStoreContract):
    kind = "sqlite"

    @pytest.fixture
    def back_end(self, tmp_path: Path) -> None:
        self.path = tmp_path / "data" / "access.sqlite3"
        self.place = str(self.path)

    async def lose_everything(self) -> AccessStore:
        assert self.path is not None
        self.path.unlink()
        return self.make()

    async def test_data_survives_a_restart(self, store: AccessStore) -> None:
        await store.add_key(KEY)
        await store.revoke(revocation(1), 60)
        await store.charge([charge(60)])
        await store.close()
        later = self.make()
        assert await later.find_key(KEY.digest) == KEY
        assert len(await later.revocations(0)) == 1
        assert await later.charge([charge()]) is not None
        await later.close()

    async def test_keys_and_revocations_are_on_the_disk_before_a_call_returns(
        self, store: AccessStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[tuple[bool, int]] = []

        def sync(path: Path) -> None:
            with closing(sqlite3.connect(path)) as reading:
                [(revoked,)] = reading.execute("SELECT revoked_at IS NOT NULL FROM keys")
                [(revocations,)] = reading.execute("SELECT count(*) FROM revocations")
            sync_journal(path)
            synced.append((bool(revoked), revocations))

        monkeypatch.setattr(access_store, "sync_journal", sync)
        await store.add_key(KEY)
        await store.charge([charge()])
        await store.revoke_key(KEY.key_id, 1.0)
        await store.revoke(revocation(1), 60)
        assert synced == [(False, 0), (True, 1), (True, 2)], "after the commit; never for a charge"
