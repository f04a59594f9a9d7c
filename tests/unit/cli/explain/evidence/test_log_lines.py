"""Lines of the service are read in every wrapping, and all else is skipped."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.explain.evidence import LogLine
from service.cli.explain.evidence.log_lines import parse_line, parse_time

FIELDS = {"session_id": "editor-1", "seconds": 1.5, "resumable": True}
OBJECT = {
    "ts": "2026-11-23T22:44:08.895301Z",
    "level": "INFO",
    "event": "stream_completed",
    "message": "Done",
    **FIELDS,
}
TEXT = json.dumps(OBJECT)
LINE = LogLine(1795473848.895301, "INFO", "stream_completed", "Done", FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"{TEXT}\n",
        f"service-1  | {TEXT}",
        json.dumps({"log": f"{TEXT}\n", "stream": "stdout", "time": "2026-11-23T22:44:09Z"}),
        json.dumps({"MESSAGE": TEXT, "_PID": "7"}),
        json.dumps({"message": TEXT, "severity": "info"}),
    ],
    ids=["plain", "newline", "compose", "Docker", "journal", "platform"],
)
def test_a_line_is_read(text: str) -> None:
    assert parse_line(text.encode()) == LINE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Test page: http://127.0.0.1:8000/websocket-test",
        "{",
        "[1]",
        '{"log": "not JSON {"}',
        json.dumps({"message": "plain", "level": "info"}),
        json.dumps({name: value for name, value in OBJECT.items() if name != "ts"}),
        json.dumps(OBJECT | {"ts": "yesterday"}),
        json.dumps(OBJECT | {"event": 7}),
    ],
)
def test_what_is_no_line_is_skipped(text: str) -> None:
    assert parse_line(text.encode()) is None


@given(st.binary(max_size=40), st.integers(0, len(TEXT)), st.integers(0, len(TEXT)))
def test_damaged_lines_raise_nothing(damage: bytes, begin: int, end: int) -> None:
    found = parse_line(TEXT.encode()[:begin] + damage + TEXT.encode()[end:])
    assert found is None or isinstance(found, LogLine)


def test_fields_are_texts_and_numbers() -> None:
    assert (LINE.text("session_id"), LINE.text("seconds"), LINE.text("absent")) == ("editor-1", "1.5", "")
    assert (LINE.number("seconds"), LINE.number("session_id"), LINE.number("absent")) == (1.5, None, None)


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_time("2026-11-23T22:44:08") == parse_time("2026-11-23T23:44:08+01:00")
    assert parse_time("soon") is None
