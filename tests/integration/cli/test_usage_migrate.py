"""``migrate`` says what was done, or why nothing was."""

from pathlib import Path

import psycopg
import pytest

from service.cli import main

PASSWORD = "thepasswordofourdatabase"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code, what was printed and what was complained of; the password never."""
    code = main(["migrate"])
    printed = capsys.readouterr()
    assert PASSWORD not in printed.out + printed.err
    return code, printed.out, printed.err


def test_an_empty_database_and_then_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.replace("@", f":{PASSWORD}@"))
    assert run(capsys) == (0, "The database is at version 0001; it had no tables of ours.\n", "")
    assert run(capsys) == (0, "The database is at version 0001 already.\n", "")


def test_no_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == (
        2,
        "",
        "DATABASE_URL is not set: usage stays in data, and there is nothing to migrate.\n",
    )


def test_nobody_there(closed_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://someone:{PASSWORD}@127.0.0.1:{closed_port}/usage")
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert err.startswith("The database cannot be reached: ")
    assert "Connection refused" in err


def test_a_database_that_refuses(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE usage_streams (of_somebody_else text)")
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert run(capsys) == (1, "", 'The database was not migrated: relation "usage_streams" already exists.\n')


def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", f"mysql://someone:{PASSWORD}@127.0.0.1/usage")
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert err.startswith("DATABASE_URL=... is not allowed: ")
