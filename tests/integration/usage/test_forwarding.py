"""Usage with a real PostgreSQL: each stream is stored once, also when processes are killed."""

import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg

from service.events import StoredInMemory
from service.usage.migrate import migrate
from service.usage.postgres import Database
from service.usage.rows import StreamRow
from service.usage.spool import FILE_NAME, Spool
from tests.backends.fixtures import StartPostgres
from tests.conftest import environment
from tests.integration.usage.rows import SECONDS, StartUsage, in_database, in_file, record
from tests.unit.usage.streams import a_row, opened
from tests.waiting import wait_for


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
