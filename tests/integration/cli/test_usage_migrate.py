"""``migrate`` reports the version, or the cause of a failure."""

from pathlib import Path

import psycopg
import pytest

from service.cli import main

PASSWORD = "thepasswordofthedatabase"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory without .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code, standard output and standard error, neither of which may contain the password."""
    code = main(["migrate"])
    printed = capsys.readouterr()
    assert PASSWORD not in printed.out + printed.err
    return code, printed.out, printed.err


def test_an_empty_database_is_migrated_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.replace("@", f":{PASSWORD}@"))
    assert run(capsys) == (0, "The database is at version 0003; the tables are new.\n", "")
    assert run(capsys) == (0, "The database is already at version 0003.\n", "")


def test_a_missing_url_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == (
        2,
        "",
        "DATABASE_URL is not set: usage is stored in data, and no database needs a migration.\n",
    )


def test_an_unreachable_database_is_reported(
    closed_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://user:{PASSWORD}@127.0.0.1:{closed_port}/usage")
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert err.startswith("The database cannot be reached: ")
    assert "Connection refused" in err


def test_a_failed_migration_is_reported(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE usage_streams (other text)")
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert run(capsys) == (1, "", 'The database was not migrated: relation "usage_streams" already exists.\n')


def test_an_invalid_url_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", f"mysql://user:{PASSWORD}@127.0.0.1/usage")
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert err.startswith("DATABASE_URL=... is not allowed: ")
