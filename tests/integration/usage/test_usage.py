"""Usage with a real PostgreSQL: each stream is stored once when processes are killed and when the database fails."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from service.events import Dependency, DependencyFailed, StoredInMemory
from service.usage import forwarder as forwarder_module
from service.usage import postgres as postgres_module
from service.usage.migrate import migrate
from service.usage.postgres import NOT_MIGRATED, Database, DatabaseUnavailable
from service.usage.rows import SessionRow, StreamRow
from service.usage.sources import FileRows
from service.usage.spool import FILE_NAME, Spool
from service.usage.usage import Usage
from tests.backends import dead
from tests.backends.fixtures import StartPostgres
from tests.conftest import environment
from tests.integration.usage.recording import Recording
from tests.unit.usage.streams import a_row, opened, whole
from tests.waiting import wait_for

SECONDS = 10.0
DAY = 86_400.0

StartUsage = Callable[..., tuple[Usage, Recording]]


@pytest.fixture
def start_usage(tmp_path: Path) -> Iterator[StartUsage]:
    """Starts ``Usage`` in this process: ``start_usage(database_url)``."""
    with ExitStack() as endings:

        def start(database_url: str | None = None, data_dir: Path = tmp_path) -> tuple[Usage, Recording]:
            recording = Recording()
            usage = Usage(
                data_dir=data_dir,
                database_url=database_url,
                retention_days=90,
                session_seconds=3600.0,
                version="1.2.3",
                recorder=recording,
            )
            usage.start()
            endings.callback(usage.close, SECONDS)
            return usage, recording

        yield start


@pytest.fixture
def migrated_url(database_url: str) -> str:
    migrate(database_url)
    return database_url


class Streaming:
    """The process ``tests.integration.usage.process``; its streams are recorded when the constructor returns."""

    def __init__(self, folder: Path, url: str, name: str, count: int) -> None:
        self.names = {f"{name}-{number}" for number in range(count)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.usage.process", folder, url, name, str(count)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"recorded\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def end(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


def record(usage: Usage, *names: str) -> None:
    for name in names:
        for event in whole(name):
            usage.sink.record(event)


def in_file(folder: Path) -> list[str]:
    return [name for (name,) in FileRows(folder / FILE_NAME).select("SELECT stream_id FROM usage_streams", {})]


def in_database(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT stream_id FROM usage_streams").fetchall()]


def some_of(names: set[str], url: str) -> set[str]:
    return names.intersection(in_database(url))


def test_without_a_database_rows_stay_in_the_file(start_usage: StartUsage, tmp_path: Path) -> None:
    usage, recording = start_usage()
    record(usage, "one", "two")
    usage.close(SECONDS)
    assert (in_file(tmp_path), recording.events) == (["one", "two"], [])


def test_with_a_database_rows_are_forwarded_unchanged(
    start_usage: StartUsage, tmp_path: Path, migrated_url: str
) -> None:
    usage, recording = start_usage(migrated_url)
    usage.sink.record(opened("s-1", "an-epoch"))
    record(usage, "one")
    usage.close(SECONDS)
    with psycopg.connect(migrated_url) as connection:
        [stream] = connection.execute(
            """SELECT stream_id, speed, outcome, error, content_bytes, chunks, duration_seconds, takeovers, version,
                      extract(epoch FROM ended_at - started_at)::float8, now() - ended_at < interval '1 minute'
               FROM usage_streams"""
        ).fetchall()
        [session] = connection.execute(
            "SELECT session_id, incarnation, extract(epoch FROM ends_at - began_at)::float8 FROM usage_sessions"
        ).fetchall()
    assert stream == ("one", "adaptive", "completed", None, 26, 7, 2.0, 0, "1.2.3", 2.0, True)
    assert session == ("s-1", "an-epoch", 3600.0)
    assert (in_file(tmp_path), recording.events) == ([], [])


def test_no_row_is_lost_when_a_process_is_killed_while_the_database_is_unavailable(
    tmp_path: Path, start_postgres: StartPostgres
) -> None:
    postgres = start_postgres()
    url = postgres.new_database()
    migrate(url)
    postgres.stop()
    first = Streaming(tmp_path, url, "first", 1500)
    wait_for(lambda: len(in_file(tmp_path)) == 1500, "all rows are in the file")
    first.kill()
    postgres.start()
    second = Streaming(tmp_path, url, "second", 1500)
    second.end()
    assert sorted(in_database(url)) == sorted(first.names | second.names)
    assert in_file(tmp_path) == []


def test_each_row_is_stored_once_when_a_process_is_killed_while_it_forwards(tmp_path: Path, migrated_url: str) -> None:
    names: set[str] = set()
    for round_ in range(5):
        streaming = Streaming(tmp_path, "", f"r{round_}", 4000)
        streaming.end()  # into the file
        names |= streaming.names
        mover = Streaming(tmp_path, migrated_url, f"m{round_}", 0)
        wait_for(partial(some_of, streaming.names, migrated_url), "some rows are forwarded")
        mover.kill()
    last = Streaming(tmp_path, migrated_url, "last", 1)
    last.end()
    assert sorted(in_database(migrated_url)) == sorted(names | last.names)
    assert in_file(tmp_path) == []


def test_rows_that_are_stored_already_are_ignored(start_usage: StartUsage, tmp_path: Path, migrated_url: str) -> None:
    """As after a kill between storing and deleting."""
    rows = [a_row("one", ended_at=time.time()), a_row("two", ended_at=time.time())]
    with closing(Spool(tmp_path / FILE_NAME)) as spool, closing(Database(migrated_url)) as database:
        spool.add(rows)
        database.insert(StreamRow, rows)
    usage, recording = start_usage(migrated_url)
    usage.close(SECONDS)
    assert (sorted(in_database(migrated_url)), in_file(tmp_path)) == (["one", "two"], [])
    assert recording.events == []


def test_another_process_forwards_when_the_one_with_the_lock_is_killed(tmp_path: Path, migrated_url: str) -> None:
    first = Streaming(tmp_path, migrated_url, "first", 700)
    second = Streaming(tmp_path, migrated_url, "second", 700)
    wait_for(lambda: len(in_database(migrated_url)) == 1400, "all rows are forwarded")
    first.kill()  # it holds the lock
    third = Streaming(tmp_path, "", "third", 700)
    third.end()
    second.end()
    assert sorted(in_database(migrated_url)) == sorted(first.names | second.names | third.names)


def test_rows_wait_while_the_database_is_unavailable(
    start_usage: StartUsage, tmp_path: Path, start_postgres: StartPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder_module, "LONGEST_PAUSE_SECONDS", 0.5)
    postgres = start_postgres()
    url = postgres.new_database()
    migrate(url)
    usage, recording = start_usage(url)
    record(usage, "before")
    wait_for(lambda: in_database(url), "the first row is forwarded")
    postgres.stop()
    record(usage, "waiting")
    recording.wait_for(lambda: recording.changes(Dependency.DATABASE))
    assert in_file(tmp_path) == ["waiting"]
    postgres.start()
    recording.wait_for(lambda: len(recording.changes(Dependency.DATABASE)) == 2)
    usage.close(SECONDS)
    [(up, reason), back] = recording.changes(Dependency.DATABASE)
    assert (up, "refused" in reason, back) == (False, True, (True, ""))
    assert DependencyFailed(Dependency.DATABASE) in recording.events
    assert (sorted(in_database(url)), in_file(tmp_path)) == (["before", "waiting"], [])


def test_a_restart_of_the_database_is_not_a_failure(start_usage: StartUsage, start_postgres: StartPostgres) -> None:
    postgres = start_postgres()
    url = postgres.new_database()
    migrate(url)
    usage, recording = start_usage(url)
    record(usage, "before")
    wait_for(lambda: in_database(url), "the first row is forwarded")
    postgres.restart()
    record(usage, "after")
    usage.close(SECONDS)
    assert (sorted(in_database(url)), recording.events) == (["after", "before"], [])


def test_close_does_not_wait_for_a_database_that_does_not_answer(
    start_usage: StartUsage, tmp_path: Path, start_postgres: StartPostgres
) -> None:
    postgres = start_postgres()
    url = postgres.new_database()
    migrate(url)
    usage, _ = start_usage(url)
    record(usage, "before")
    wait_for(lambda: in_database(url), "the first row is forwarded")
    with postgres.frozen():
        record(usage, "waiting")
        wait_for(lambda: in_file(tmp_path), "the row is in the file")
        usage.close(1.0)
        assert in_file(tmp_path) == ["waiting"]
    # The thread that waited for the database has the lock until its statement fails or returns.
    usage, _ = start_usage(url)
    wait_for(lambda: not in_file(tmp_path), "the row is forwarded")
    usage.close(SECONDS)
    assert sorted(in_database(url)) == ["before", "waiting"]


def test_a_statement_without_an_answer_fails(start_postgres: StartPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_module, "CONNECT_SECONDS", 2)
    postgres = start_postgres()
    url = postgres.new_database()
    migrate(url)
    with closing(Database(url, answer_seconds=0.5)) as database:
        database.insert(StreamRow, [a_row("one")])
        with postgres.frozen(), pytest.raises(DatabaseUnavailable):
            database.insert(StreamRow, [a_row("two")])
        database.insert(StreamRow, [a_row("three")])
    assert {"one", "three"} <= set(in_database(url))


def test_a_statement_that_waits_for_a_lock_fails(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_module, "STATEMENT_SECONDS", 1)
    with psycopg.connect(migrated_url) as other, closing(Database(migrated_url)) as database:
        other.execute("LOCK TABLE usage_streams")
        with pytest.raises(DatabaseUnavailable, match="statement timeout"):
            database.insert(StreamRow, [a_row("one")])
    assert in_database(migrated_url) == []


@pytest.mark.parametrize("way", [dead.refusing, dead.silent, dead.black_hole])
def test_an_address_without_a_server_fails(
    way: Callable[[], AbstractContextManager[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_module, "CONNECT_SECONDS", 2)
    with way() as address, closing(Database(f"postgresql://someone:s3cret-word@{address}/db")) as database:
        with pytest.raises(DatabaseUnavailable) as failed:
            database.insert(StreamRow, [a_row()])
        assert "s3cret-word" not in str(failed.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:p%40ss-word@{address}/nowhere",
        "postgresql://{address}/postgres?password=p%40ss-word&sslmode=nonsense",
        "postgresql://someone:p%40ss-word@{address}/postgres?nonsense=1",
        "postgresql://someone:p%40ss-word@[::/postgres",
        "postgresql://someone:p@ss-word@{address}/postgres",
        "postgresql://someone:12/ss-word@{address}/postgres",
    ],
)
def test_a_reason_does_not_contain_the_password(url: str, database_url: str) -> None:
    address = database_url.partition("@")[2].partition("/")[0]
    with pytest.raises(DatabaseUnavailable) as failed, closing(Database(url.format(address=address))) as database:
        database.insert(StreamRow, [a_row()])
    assert str(failed.value)
    assert "ss-word" not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_the_reason_for_missing_tables_contains_the_remedy(
    start_usage: StartUsage, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder_module, "LONGEST_PAUSE_SECONDS", 0.2)
    usage, recording = start_usage(database_url)
    record(usage, "one")
    recording.wait_for(lambda: recording.changes(Dependency.DATABASE))
    assert recording.changes(Dependency.DATABASE) == [(False, NOT_MIGRATED)]
    migrate(database_url)
    recording.wait_for(lambda: len(recording.changes(Dependency.DATABASE)) == 2)
    usage.close(SECONDS)
    assert (in_database(database_url), in_file(tmp_path)) == (["one"], [])


def test_a_row_that_the_database_rejects_is_dropped_alone(
    start_usage: StartUsage, tmp_path: Path, migrated_url: str
) -> None:
    now = time.time()
    with closing(Spool(tmp_path / FILE_NAME)) as spool:
        spool.add([a_row("one", now), a_row("nul\0", now), a_row("two", now), a_row("three", now, bytes=1 << 62)])
    usage, recording = start_usage(migrated_url)
    usage.close(SECONDS)
    assert (sorted(in_database(migrated_url)), in_file(tmp_path)) == (["one", "three", "two"], [])
    assert recording.dropped == 1


def test_expired_rows_are_deleted_from_the_file_and_the_database(
    start_usage: StartUsage, tmp_path: Path, migrated_url: str
) -> None:
    now = time.time()
    with closing(Database(migrated_url)) as database:
        new = a_row("new", now - 89 * DAY, started_at=now - 91 * DAY)
        database.insert(StreamRow, [a_row("old", now - 91 * DAY), new])
    with closing(Spool(tmp_path / FILE_NAME)) as spool:
        spool.add([a_row("old, in the file", now - 91 * DAY)])
    usage, _ = start_usage(migrated_url)
    wait_for(lambda: in_database(migrated_url) == ["new"], "the expired rows are deleted")
    usage.close(SECONDS)
    assert in_file(tmp_path) == []


def test_without_a_database_expired_rows_are_deleted_from_the_file(start_usage: StartUsage, tmp_path: Path) -> None:
    now = time.time()
    with closing(Spool(tmp_path / FILE_NAME)) as spool:
        spool.add([a_row("old", now - 91 * DAY), a_row("new", now - 89 * DAY)])
    usage, _ = start_usage()
    wait_for(lambda: in_file(tmp_path) == ["new"], "the expired rows are deleted")
    usage.close(SECONDS)


def sessions(now: float) -> list[SessionRow]:
    """Ended sessions: one whose stream has a row, and those without one, by their age in days."""
    return [
        SessionRow(name, "1", 0.0, now - days * DAY) for name, days in (("used", 2), ("unused", 2), ("recent", 0.9))
    ]


def test_sessions_without_a_stream_are_kept_a_day_in_the_database(start_usage: StartUsage, migrated_url: str) -> None:
    now = time.time()
    with closing(Database(migrated_url)) as database:
        database.insert(StreamRow, [a_row("a-stream", now - 2 * DAY, session_id="used")])
        database.insert(SessionRow, sessions(now))

        def kept() -> list[str]:
            return [name for (name,) in database.select("SELECT session_id FROM usage_sessions ORDER BY 1", {})]

        usage, _ = start_usage(migrated_url)
        wait_for(lambda: kept() == ["recent", "used"], "the session without a stream is deleted")
        usage.close(SECONDS)


def test_sessions_without_a_stream_are_kept_a_day_in_the_file(start_usage: StartUsage, tmp_path: Path) -> None:
    now = time.time()
    with closing(Spool(tmp_path / FILE_NAME)) as spool:
        spool.add([a_row("a-stream", now - 2 * DAY, session_id="used"), *sessions(now)])

    def kept() -> list[str]:
        rows = FileRows(tmp_path / FILE_NAME).select("SELECT session_id FROM usage_sessions ORDER BY 1", {})
        return [name for (name,) in rows]

    usage, _ = start_usage()
    wait_for(lambda: kept() == ["recent", "used"], "the session without a stream is deleted")
    usage.close(SECONDS)


def test_a_directory_that_is_not_writable_is_reported_and_rows_are_forwarded(
    start_usage: StartUsage, tmp_path: Path, migrated_url: str
) -> None:
    (tmp_path / "a-file").touch()
    usage, recording = start_usage(migrated_url, tmp_path / "a-file")
    record(usage, "one", "two")
    usage.close(SECONDS)
    [event] = recording.events
    assert isinstance(event, StoredInMemory)
    assert event.reason == f"{tmp_path / 'a-file' / FILE_NAME}: File exists"
    assert in_database(migrated_url) == ["one", "two"]


def test_rows_that_are_only_in_memory_at_the_end_are_counted_as_dropped(
    start_usage: StartUsage, tmp_path: Path
) -> None:
    (tmp_path / "a-file").touch()
    usage, recording = start_usage(None, tmp_path / "a-file")
    record(usage, "one", "two")
    usage.close(SECONDS)
    assert recording.dropped == 2


def test_without_a_database_its_libraries_are_not_imported() -> None:
    program = "import sys; import service.usage.usage; import service.cli; print(sorted(sys.modules))"
    modules = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, check=True, text=True
    ).stdout
    assert not any(f"'{name}'" in modules for name in ("psycopg", "alembic", "sqlalchemy"))
