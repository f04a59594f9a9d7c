"""``usage`` sums up the streams that have ended, and reports when there are none."""

import csv
import io
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from service.usage.migrate import migrate
from service.usage.postgres import Database
from service.usage.rows import StreamRow
from service.usage.spool import FILE_NAME, Spool
from tests.unit.usage.streams import a_row

DAY = 86_400.0
NOON = 1_790_000_000.0 - 1_790_000_000.0 % DAY + DAY / 2
"""Of 21 September 2026, in UTC."""

ROWS = [
    a_row("whole", NOON, session_id="s-1"),
    # Interrupted, and recovered twice; the parts are in any order, from machines whose clocks differ.
    a_row("part", NOON + 9, session_id="s-1", takeovers=2, content_bytes=None, processing_seconds=None, chunks=1),
    a_row("part", NOON + 10, session_id="s-1", outcome="taken_over", takeovers=1, content_bytes=None, chunks=2),
    a_row("part", NOON + 3, session_id="s-1", outcome="disconnected", chunks=4),
    a_row(
        "late", NOON + DAY, session_id="s-2", outcome="skipped", bytes=1_234_567, duration_seconds=4000.0, subject="zoë"
    ),
]

TABLE = """\
day         streams  sessions  completed  recovered  content  chunks    sent   streaming  paused    work
2026-09-22        1         1          0          0     26 B       7  1.2 MB  1 h 07 min  0.50 s  0.25 s
2026-09-21        2         1          2          1     52 B      14   280 B      8.00 s  2.00 s  0.75 s
total             3                    2          1     78 B      21  1.2 MB  1 h 07 min  2.50 s  1.00 s
"""


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(params=["file", "database"])
def _rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows above, in the file or in PostgreSQL."""
    if request.param == "file":
        with closing(Spool(Path("data") / FILE_NAME)) as spool:
            spool.add(ROWS)
    else:
        url = request.getfixturevalue("database_url")
        migrate(url)
        with closing(Database(url)) as database:
            database.insert(StreamRow, ROWS)
        monkeypatch.setenv("DATABASE_URL", url)


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The output of a successful run without messages on standard error."""
    assert main(["usage", *options]) == 0
    captured = capsys.readouterr()
    assert not captured.err
    return captured.out


def in_json(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(printed(capsys, "--format", "json", *options))
    return found


@pytest.mark.usefixtures("_rows")
class TestWithRows:
    def test_a_recovered_stream_counts_once_with_its_last_outcome(self, capsys: pytest.CaptureFixture[str]) -> None:
        completed, skipped = in_json(capsys, "--by", "outcome")
        assert (skipped["outcome"], skipped["streams"]) == ("skipped", 1)
        assert completed == {
            "outcome": "completed",
            "streams": 2,
            "sessions": 1,
            "completed": 2,
            "recovered": 1,
            "content_bytes": 52,
            "chunks": 14,
            "bytes": 280,
            "duration_seconds": 8.0,
            "paused_seconds": 2.0,
            "processing_seconds": 0.75,
        }

    def test_days_are_in_descending_order(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert [(line["day"], line["streams"]) for line in in_json(capsys)] == [("2026-09-22", 1), ("2026-09-21", 2)]

    def test_lines_can_be_sessions(self, capsys: pytest.CaptureFixture[str]) -> None:
        lines = in_json(capsys, "--by", "session")
        assert [(line["session"], line["streams"], line["recovered"]) for line in lines] == [
            ("s-2", 1, 0),
            ("s-1", 2, 1),
        ]

    def test_lines_can_be_principals(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Without authentication a stream has none."""
        lines = in_json(capsys, "--by", "principal")
        assert [(line["principal"], line["streams"], line["recovered"]) for line in lines] == [
            ("", 2, 1),
            ("zoë", 1, 0),
        ]

    def test_lines_can_be_of_one_session(self, capsys: pytest.CaptureFixture[str]) -> None:
        [line] = in_json(capsys, "--session", "s-1")
        assert (line["day"], line["streams"]) == ("2026-09-21", 2)

    def test_since_accepts_a_day(self, capsys: pytest.CaptureFixture[str]) -> None:
        [line] = in_json(capsys, "--since", "2026-09-22")
        assert (line["day"], line["streams"]) == ("2026-09-22", 1)

    def test_since_accepts_an_age(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "time", lambda: NOON + 2 * DAY)
        assert [line["day"] for line in in_json(capsys, "--since", "1d")] == ["2026-09-22"]

    def test_the_default_format_is_a_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert printed(capsys) == TABLE

    def test_the_format_can_be_csv(self, capsys: pytest.CaptureFixture[str]) -> None:
        lines = list(csv.DictReader(io.StringIO(printed(capsys, "--format", "csv"))))
        assert [(line["day"], line["streams"], line["bytes"]) for line in lines] == [
            ("2026-09-22", "1", "1234567"),
            ("2026-09-21", "2", "280"),
        ]

    def test_lines_over_the_limit_are_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["usage", "--limit", "1", "--format", "json"]) == 0
        captured = capsys.readouterr()
        assert [line["day"] for line in json.loads(captured.out)] == ["2026-09-22"]
        assert captured.err == "1 more lines; raise --limit to print them.\n"

    def test_an_empty_result_is_reported(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["usage", "--session", "absent", "--since", "2026-01-01"]) == 0
        captured = capsys.readouterr()
        assert not captured.out
        assert captured.err.startswith("No stream has ended in session absent since 2026-01-01: ")


def test_a_missing_file_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage"]) == 2
    assert capsys.readouterr().err == (
        "There is no usage yet: data/usage.sqlite3 does not exist. Check that DATA_DIR is that of the service.\n"
    )


def test_an_invalid_file_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data").mkdir()
    (Path("data") / FILE_NAME).write_text("not a database " * 80)
    assert main(["usage"]) == 2
    assert capsys.readouterr().err == "data/usage.sqlite3 cannot be read: file is not a database.\n"


def test_rows_that_the_database_does_not_have_are_counted(
    capsys: pytest.CaptureFixture[str], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(database_url)
    monkeypatch.setenv("DATABASE_URL", database_url)
    with closing(Spool(Path("data") / FILE_NAME)) as spool:
        spool.add(ROWS)
    assert main(["usage"]) == 0
    captured = capsys.readouterr()
    assert captured.err == (
        "No stream has ended: the database has none.\nNot included: 5 rows that are not in the database yet.\n"
    )


def test_a_database_without_tables_is_reported(
    capsys: pytest.CaptureFixture[str], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert main(["usage"]) == 2
    assert "python -m service migrate" in capsys.readouterr().err


@pytest.mark.parametrize("since", ["yesterday", "7", "7h", "2026-13-01", "-1d"])
def test_an_invalid_since_is_a_usage_error(since: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", f"--since={since}"]) == 2
    assert capsys.readouterr().err == f"{since!r} is neither a day such as 2026-11-24 nor an age such as 7d\n"


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_an_invalid_limit_is_a_usage_error(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["usage", f"--limit={limit}"])
    assert ended.value.code == 2
    assert "is not a whole number of at least 1" in capsys.readouterr().err


@pytest.mark.parametrize("session_id", ["a b", "\udcff", ""])
def test_an_invalid_session_is_a_usage_error(session_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", "--session", session_id]) == 2
    assert "is not a session id" in capsys.readouterr().err
