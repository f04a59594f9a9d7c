"""``migrate`` migrates a database in one transaction, repeatedly and concurrently."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psycopg
import pytest

from service.usage.migrate import VERSION_TABLE, Migration, MigrationFailed, migrate
from service.usage.rows import TABLES, Table

LATEST = "0003"


def columns(url: str, table: str) -> list[tuple[str, str, bool]]:
    """The name, the type and whether it is nullable of each column, in order."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_name = %s ORDER BY ordinal_position",
            (table,),
        ).fetchall()


def key(url: str, table: str) -> list[str]:
    """The columns of the primary key, in order."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT column_name FROM information_schema.key_column_usage"
            " WHERE table_name = %s ORDER BY ordinal_position",
            (table,),
        ).fetchall()
    return [name for (name,) in found]


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_the_migrated_tables_equal_their_declaration(database_url: str, table: Table) -> None:
    migrate(database_url)
    declared = [(column.name, column.type.postgres, column.nullable) for column in table.columns]
    assert columns(database_url, table.name) == declared
    assert key(database_url, table.name) == list(table.key)


def test_streams_have_indexes_by_session_and_by_time(database_url: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'usage_streams'").fetchall()
    assert {"usage_streams_by_session", "usage_streams_by_time"} <= {name for (name,) in found}


def test_a_second_migration_has_no_effect(database_url: str) -> None:
    assert migrate(database_url) == Migration(None, LATEST)
    execute(database_url, "INSERT INTO usage_sessions VALUES ('s-1', 'an-epoch', now(), now())")
    assert migrate(database_url) == Migration(LATEST, LATEST)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM usage_sessions").fetchone() == (1,)


def test_concurrent_migrations_wait_for_each_other(database_url: str) -> None:
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        list(pool.map(len, ["ready"] * 3))
        migrations = list(pool.map(migrate, [database_url] * 3))
    assert sorted(str(migration.before) for migration in migrations) == [LATEST] * 2 + ["None"]


def test_a_migration_that_fails_changes_nothing(database_url: str) -> None:
    execute(database_url, "CREATE TABLE usage_sessions (other text)")
    with pytest.raises(MigrationFailed, match='"usage_sessions" already exists') as failed:
        migrate(database_url)
    assert failed.value.reached
    assert columns(database_url, "usage_streams") == columns(database_url, VERSION_TABLE) == []


def test_a_database_of_a_newer_version_is_not_changed(database_url: str) -> None:
    migrate(database_url)
    execute(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(MigrationFailed, match="it is of a newer version than this service"):
        migrate(database_url)


def test_the_version_table_of_another_application_is_not_used(database_url: str) -> None:
    execute(database_url, "CREATE TABLE alembic_version AS SELECT 'other' AS version_num")
    assert migrate(database_url) == Migration(None, LATEST)
