"""The contract for SQLite, with a clock that the test advances."""

import subprocess
from pathlib import Path

import pytest

from service.session.ports import SessionStore
from service.stores.sqlite.store import SqliteSessionStore
from service.stores.store_limits import StoreSize
from tests.contract.stores.contract import SessionStoreContract


class InSqlite(SessionStoreContract):
    """In memory, or in the file at ``path``."""

    path: Path | None = None
    seconds: float
    sqlite: SqliteSessionStore
    """The latest store."""

    @pytest.fixture(autouse=True)
    def _begin(self) -> None:
        self.seconds = 1_700_000_000.0

    def make(self) -> SessionStore:
        self.sqlite = SqliteSessionStore(
            self.path,
            self.limits,
            self.resume_ttl_seconds,
            lambda: self.seconds,
            store_limits=self.store_limits,
            sweep_seconds=0.01,
        )
        return self.sqlite

    async def size(self, store: SessionStore) -> StoreSize:
        return await self.sqlite.measure()

    async def pass_seconds(self, seconds: float) -> None:
        self.seconds += seconds

    async def holds(self, content: bytes) -> bool:
        return content in (await self._in_memory() if self.path is None else stored(self.path))

    async def _in_memory(self) -> bytes:
        return await self.sqlite._thread.call(lambda rows: rows.serialize())  # noqa: SLF001 - there is no file to read


def stored(path: Path) -> bytes:
    """The bytes of the files, read by another process: closing a file releases the locks of its process."""
    return subprocess.run(["sh", "-c", 'cat "$0"*', path], capture_output=True, check=False).stdout
