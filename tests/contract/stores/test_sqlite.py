"""The SQLite store, in a file that several processes share, and in memory."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

import msgspec
import pytest

from service.protocol.limits import Limits
from service.session.ports import SessionStore, StoreUnavailable
from service.session.records import Admission, StreamStatus
from service.stores.failures import Damaged, NoAnswer, Overloaded, Refused, Rejected
from service.stores.sqlite.schema import SchemaMismatch
from service.stores.sqlite.store import SqliteSessionStore
from service.stores.store_limits import StoreLimits
from tests.conftest import PROJECT, environment
from tests.contract.stores.contract import SharedStoreContract
from tests.contract.stores.contract.records import FIRST, RECORD, SECOND, claim, opened
from tests.contract.stores.in_sqlite import InSqlite
from tests.contract.stores.sqlite_worker import PLAN, SNAPSHOT
from tests.waiting import eventually

MEGABYTE = 2**20


class TestInMemory(InSqlite):
    """The store of a single process."""


class TestInAFile(InSqlite, SharedStoreContract):
    file: Path

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = self.file = tmp_path / "data" / "sessions.sqlite3"

    @pytest.fixture
    async def roomy(self) -> AsyncIterator[SessionStore]:
        """A store that keeps more than the others of these tests."""
        self.store_limits = StoreLimits()
        store = self.make()
        yield store
        await store.close()

    async def test_data_survives_a_restart(self, store: SessionStore) -> None:
        await store.put(RECORD)
        snapshot = await opened(store, "s")
        await store.close()
        later = self.make()
        assert await later.get("a-stream") == RECORD
        assert await opened(later, "s") == msgspec.structs.replace(snapshot, created=False)
        await later.close()

    async def test_the_files_are_readable_by_their_owner_only(self, store: SessionStore) -> None:
        await store.put(RECORD)
        modes = {file.name: file.stat().st_mode & 0o777 for file in self.file.parent.iterdir()}
        assert modes == {"sessions.sqlite3" + suffix: 0o600 for suffix in ("", "-wal", "-shm")}

    async def test_the_mode_of_an_existing_file_is_corrected(self) -> None:
        await self.make().close()
        self.file.chmod(0o644)
        await self.make().close()
        assert self.file.stat().st_mode & 0o777 == 0o600

    async def test_a_closed_store_leaves_one_file_and_is_unavailable(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.close()
        assert [file.name for file in self.file.parent.iterdir()] == ["sessions.sqlite3"]
        with pytest.raises(StoreUnavailable):
            await store.get("a-stream")
        store.update_status("a-stream", 0, StreamStatus.PAUSED)

    async def test_the_file_shrinks_after_content_is_deleted(self, roomy: SessionStore) -> None:
        for number in range(30):
            await roomy.put(msgspec.structs.replace(RECORD, stream_id=f"s{number}", plan=bytes(MEGABYTE)))
        await self.pass_ttl(1.3)

        async def is_small() -> bool:
            return self.file.stat().st_size < 18 * MEGABYTE

        assert not await is_small()
        await eventually(is_small)

    async def test_a_call_that_fails_is_rolled_back_without_affecting_others(self, store: SessionStore) -> None:
        await store.put(RECORD)
        unwritable: Any = ["a plan that SQLite does not take"]
        broken = msgspec.structs.replace(RECORD, epoch=7, plan=unwritable)
        before, after = (msgspec.structs.replace(RECORD, stream_id=name) for name in ("before", "after"))
        outcomes = await asyncio.gather(store.put(before), store.put(broken), store.put(after), return_exceptions=True)
        assert [type(one) for one in outcomes] == [type(None), Rejected, type(None)]
        assert [await store.get(one.stream_id) for one in (before, RECORD, after)] == [before, RECORD, after]

    async def test_a_file_that_stays_locked_is_unavailable_until_it_is_unlocked(self) -> None:
        store = SqliteSessionStore(self.file, self.limits, self.resume_ttl_seconds, deadline_seconds=0.2)
        await store.put(RECORD)
        with closing(sqlite3.connect(self.file, isolation_level=None)) as locking:
            locking.execute("BEGIN IMMEDIATE")
            with pytest.raises(NoAnswer):
                await store.put(RECORD)
        assert await store.get("a-stream") == RECORD
        await store.close()

    async def test_a_full_disk_makes_the_store_unavailable(self, roomy: SessionStore) -> None:
        large = msgspec.structs.replace(RECORD, stream_id="large", plan=bytes(10 * MEGABYTE))
        await roomy.put(RECORD)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5 * MEGABYTE, hard))
        try:
            with pytest.raises(Refused):
                await roomy.put(large)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert await roomy.get("a-stream") == RECORD
        await roomy.put(large)
        assert await roomy.get("large") == large

    async def test_a_damaged_table_is_reported_and_the_others_are_used(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.close()
        damage(self.file, "streams")
        damaged = SqliteSessionStore(self.file, self.limits, self.resume_ttl_seconds, sweep_seconds=0.01)
        failures: list[StoreUnavailable] = []
        damaged.on_failure = failures.append
        for call in (damaged.put(RECORD), damaged.get("a-stream")):
            with pytest.raises(Damaged, match="stop the service, move the file, and start it again"):
                await call
        assert (await damaged.admit(await opened(damaged, "s"), "a-stream", None)).admitted

        async def reported() -> bool:
            return {type(one) for one in failures} == {Damaged}

        await eventually(reported)  # by the deletion of what has expired
        failures.clear()
        damaged.update_status("a-stream", 0, StreamStatus.ENDED)
        await eventually(reported)
        await damaged.close()

    async def test_work_in_one_transaction_with_what_finds_damage_is_done(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.close()
        damage(self.file, "streams")
        damaged = SqliteSessionStore(self.file, self.limits, self.resume_ttl_seconds)
        session = await opened(damaged, "s")
        with closing(sqlite3.connect(self.file, isolation_level=None)) as locking:
            locking.execute("BEGIN IMMEDIATE")
            calls = (damaged.admit(session, "1", None), damaged.put(RECORD), damaged.admit(session, "2", None))
            tasks = [asyncio.ensure_future(call) for call in calls]
            await asyncio.sleep(0)  # all of them are queued
            locking.execute("ROLLBACK")
            before, put, after = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(put, Damaged)
        assert isinstance(before, Admission)
        assert isinstance(after, Admission)
        assert [before.requests_used, after.requests_used] == [1, 2]
        assert (await opened(damaged, "s")).requests_used == 2
        await damaged.close()

    async def test_content_that_waits_for_a_stalled_disk_is_bounded(self, roomy: SessionStore) -> None:
        large = msgspec.structs.replace(RECORD, plan=bytes(10 * MEGABYTE))
        others = [msgspec.structs.replace(large, stream_id=f"s{number}") for number in range(9)]
        with closing(sqlite3.connect(self.file, isolation_level=None)) as locking:
            locking.execute("BEGIN IMMEDIATE")
            waiting = [asyncio.ensure_future(roomy.put(record)) for record in (large, *others)]
            refused, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert [type(one.exception()) for one in refused] == [Overloaded] * 4
        await asyncio.gather(*waiting, return_exceptions=True)
        assert not any(one.exception() for one in waiting[:6])
        await roomy.put(msgspec.structs.replace(large, stream_id="later"))

    async def test_a_file_of_another_format_is_not_changed(self) -> None:
        self.file.parent.mkdir()
        self.file.write_text("This is no database." * 100)
        with pytest.raises(SchemaMismatch, match="file is not a database"):
            self.make()
        assert self.file.read_text().startswith("This is no database.")

    async def test_a_file_of_a_newer_version_is_not_changed(self) -> None:
        await self.make().close()
        with closing(sqlite3.connect(self.file)) as newer:
            newer.execute("PRAGMA user_version=99")
        with pytest.raises(SchemaMismatch, match="version 99"):
            self.make()

    @pytest.mark.parametrize("version", [1, 2, 3])
    async def test_a_file_of_an_earlier_version_is_upgraded_with_its_data(
        self, store: SessionStore, version: int
    ) -> None:
        snapshot = await opened(store, "s")
        await store.put(RECORD)
        await store.admit(snapshot, "a-stream", claim())
        before = await self.sqlite._thread.call(held)  # noqa: SLF001 - no call returns it
        await store.close()
        with closing(sqlite3.connect(self.file)) as older:
            older.executescript("".join(OLDER[version:]))
            older.execute(f"PRAGMA user_version={version}")
        later = self.make()
        assert (await opened(later, "s")).incarnation == snapshot.incarnation
        assert await later.get(RECORD.stream_id) == RECORD
        assert (await later.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))).repeats == "a-stream"
        assert (await self.size(later)).sessions == 1
        assert await self.sqlite._thread.call(held) == before  # noqa: SLF001 - as above
        await later.close()

    async def test_the_error_names_a_directory_that_cannot_be_created(self) -> None:
        self.file.parent.write_text("")
        with pytest.raises(SchemaMismatch, match="cannot be opened"):
            self.make()


OLDER = (
    "",
    """
    ALTER TABLE sessions RENAME COLUMN incarnation TO epoch;
    ALTER TABLE streams RENAME COLUMN session_incarnation TO session_epoch;
    """,
    """
    DROP TRIGGER session_added;
    DROP TRIGGER session_deleted;
    DROP TABLE totals;
    DROP INDEX unused_sessions;
    DROP INDEX streams_by_session;
    ALTER TABLE streams DROP COLUMN bytes;
    ALTER TABLE claims DROP COLUMN preparations;
    """,
    """
    ALTER TABLE sessions RENAME COLUMN session_key TO session_id;
    ALTER TABLE sessions DROP COLUMN secret;
    ALTER TABLE claims RENAME COLUMN session_key TO session_id;
    ALTER TABLE streams RENAME COLUMN session_key TO session_id;
    """,
)
"""By version: the statements that make a file of it out of a file of the next version. All columns keep their order."""


def held(rows: sqlite3.Connection) -> list[tuple[str, int]]:
    """The bytes of each stream."""
    return rows.execute("SELECT stream_id, bytes FROM streams").fetchall()


def damage(file: Path, table: str) -> None:
    """Overwrite the first page of the table."""
    with closing(sqlite3.connect(file)) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchall()
        [(page_bytes,)] = connection.execute("PRAGMA page_size").fetchall()
    with file.open("r+b") as data:
        data.seek((page - 1) * page_bytes)
        data.write(b"\xff" * page_bytes)


class Worker:
    """A process that uses the same file."""

    def __init__(self, file: Path, command: str, argument: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.stores.sqlite_worker", str(file), command, str(argument)],
            cwd=PROJECT,
            env=environment(PYTHONDONTWRITEBYTECODE=1),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.input: IO[str] = self.process.stdin
        self.output: IO[str] = self.process.stdout

    def begin(self) -> None:
        assert self.output.readline() == "ready\n"

    def kill(self) -> None:
        with self.process:
            self.process.kill()


class TestInManyProcesses:
    @pytest.fixture
    def endings(self) -> Iterator[ExitStack]:
        with ExitStack() as endings:
            yield endings

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "sessions.sqlite3"

    async def test_of_two_thousand_requests_a_hundred_are_admitted(self, file: Path, endings: ExitStack) -> None:
        workers = [Worker(file, "admit", 500) for _ in range(4)]  # they create the file concurrently
        for worker in workers:
            endings.callback(worker.kill)
        for worker in workers:
            worker.begin()
        for worker in workers:
            worker.input.write("\n")
            worker.input.flush()
        assert sum(int(worker.output.readline()) for worker in workers) == 100

    async def test_stored_streams_survive_the_death_of_their_process(self, file: Path, endings: ExitStack) -> None:
        store = SqliteSessionStore(file, Limits(), resume_ttl_seconds=300)
        workers = [Worker(file, "put", prefix) for prefix in ("one", "other")]
        for worker in workers:
            endings.callback(worker.kill)
        kept = []
        for worker in workers:
            worker.begin()
            kept += [worker.output.readline() for _ in range(50)]
            worker.process.kill()
            kept += [line for line in worker.output if line.endswith("\n")]
        for line in kept:
            record = await store.get(line.rstrip())
            assert record is not None
            assert record.plan == PLAN
        assert (await store.admit(SNAPSHOT, "a-stream", None)).admitted
        await store.close()
