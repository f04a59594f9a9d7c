"""While the database is unavailable rows wait in the file, and the reason is reported without its password."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import psycopg
import pytest

from service.events import Dependency, DependencyFailed
from service.usage import forwarder as forwarder_module
from service.usage import postgres as postgres_module
from service.usage.migrate import migrate
from service.usage.postgres import NOT_MIGRATED, Database, DatabaseUnavailable
from service.usage.rows import StreamRow
from tests.backends import dead
from tests.backends.fixtures import StartPostgres
from tests.integration.usage.rows import SECONDS, StartUsage, in_database, in_file, record
from tests.unit.usage.streams import a_row
from tests.waiting import wait_for


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
    calls = {(call.system, call.operation, call.error_type) for call in recording.calls}
    assert {("postgresql", "insert", ""), ("postgresql", "insert", "OperationalError")} <= calls
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
