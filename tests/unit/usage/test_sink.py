"""The usage sink: a row for each ended stream and each session, for events in any order."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.uncounted import uncounted_session_id
from service.events import Event, LiveOutcome, Outcome, RequestRejected, SessionJoined
from service.protocol.errors import ErrorCode
from service.protocol.messages import ContentType
from service.protocol.trace import Trace
from service.usage import sink as sink_module
from service.usage.rows import Row, SessionRow, StreamRow
from service.usage.sink import UsageSink
from tests.unit.sample_live import CREATED_AT, live_ended
from tests.unit.usage.streams import (
    CONNECTION,
    CONTENT,
    a_row,
    admitted,
    ended,
    opened,
    recovered,
    started,
    whole,
)

NOW = 1000.0
LIVE_TRACE = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
OTHER = "d" * 32


def rows_of(*events: Event) -> list[Row]:
    rows: list[Row] = []
    sink = UsageSink(rows.append, lambda: NOW, session_seconds=3600.0, version="1.2.3")
    for event in events:
        sink.record(event)
    return rows


def test_sessions_of_verify_have_no_rows_with_its_secret() -> None:
    secret = "kX9.5N7pQ-aW3e_z"
    uncounted = uncounted_session_id("one", secret, NOW)
    written: dict[str | None, list[str]] = {}
    for configured in (None, "another-secret-1", secret):
        rows: list[Row] = []
        sink = UsageSink(rows.append, lambda: NOW, 3600.0, "1.2.3", configured)
        for session_id in (uncounted, "verify-me", "counted"):
            sink.record(opened(session_id, "an-epoch"))
            for event in whole(f"of-{session_id}", session_id):
                sink.record(event)
        written[configured] = sorted({row.session_id for row in rows})
    assert written[secret] == ["counted", "verify-me"]
    assert written[None] == written["another-secret-1"] == sorted([uncounted, "verify-me", "counted"])


def row_of(*events: Event) -> StreamRow:
    [row] = rows_of(*events)
    assert isinstance(row, StreamRow)
    return row


def test_an_ended_stream_has_a_row() -> None:
    row = row_of(*whole("a-stream"))
    assert row == a_row(row_id=row.row_id)
    assert UUID(row.row_id).version == 4


def test_a_row_has_the_subject_of_its_principal() -> None:
    assert row_of(*whole("a-stream")).subject is None
    assert row_of(msgspec.structs.replace(ended("a-stream"), subject="zoë")).subject == "zoë"


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (LiveOutcome.COMPLETE, "completed"),
        (LiveOutcome.CANCELLED, "cancelled"),
        (LiveOutcome.ERROR, "error"),
        (LiveOutcome.ABANDONED, "error"),
    ],
)
def test_a_live_stream_has_one_row_of_its_source(outcome: LiveOutcome, expected: str) -> None:
    ended_at_last = live_ended(LIVE_TRACE, "s", "a-stream", "zoë", outcome)
    first, again = rows_of(ended_at_last, ended_at_last)
    assert first == again, "another process may record it too"
    assert isinstance(first, StreamRow)
    assert (first.outcome, first.connection_id, first.subject) == (expected, "", "zoë")
    assert (first.started_at, first.ended_at, first.duration_seconds) == (CREATED_AT, CREATED_AT + 30, 30)
    assert (first.content_bytes, first.chunks, first.bytes) == (1000, 0, 0)


def test_the_state_of_a_stream_is_deleted_at_its_end() -> None:
    rows = rows_of(*whole("a-stream"), ended("a-stream"))
    assert [row.speed for row in rows if isinstance(row, StreamRow)] == ["adaptive", None]


def test_a_stream_that_did_not_start_has_no_start() -> None:
    failed = ended("a-stream", outcome=Outcome.ERROR, chunks=0, error=ErrorCode.CHUNKING_ERROR, started=False)
    row = row_of(admitted("a-stream"), msgspec.structs.replace(failed, processing_seconds=0.75))
    assert (row.started_at, row.outcome, row.error) == (None, "error", "CHUNKING_ERROR")
    assert row.processing_seconds == 0.75


def test_a_recovered_part_has_its_number_and_no_options() -> None:
    row = row_of(recovered("a-stream", 2, OTHER), ended("a-stream", connection_id=OTHER, chunks=4))
    assert (row.takeovers, row.chunks, row.outcome) == (2, 4, "completed")
    assert (row.content_bytes, row.speed, row.chunk_by, row.html_mode, row.processing_seconds) == (None,) * 5


def test_a_part_may_end_after_the_next_has_begun() -> None:
    rows = rows_of(
        admitted("a-stream"),
        started("a-stream"),
        recovered("a-stream", 1, OTHER),
        ended("a-stream", connection_id=CONNECTION, outcome=Outcome.TAKEN_OVER, chunks=3),
        ended("a-stream", connection_id=OTHER, chunks=4),
    )
    assert [(row.takeovers, row.outcome, row.speed) for row in rows if isinstance(row, StreamRow)] == [
        (0, "taken_over", "adaptive"),
        (1, "completed", None),
    ]


def test_each_connection_writes_the_row_of_its_session() -> None:
    assert rows_of(opened("s-1", "an-epoch", seconds_left=3000.0)) == [
        SessionRow("s-1", "an-epoch", began_at=NOW - 600.0, ends_at=NOW + 3000.0)
    ]


def test_a_connection_that_joins_the_store_writes_the_row_of_the_session_there() -> None:
    assert rows_of(SessionJoined(CONNECTION, "s-1", 2, "an-epoch", 3000.0)) == [
        SessionRow("s-1", "an-epoch", began_at=NOW - 600.0, ends_at=NOW + 3000.0)
    ]


def test_a_rejected_request_has_no_row() -> None:
    rejected = RequestRejected(CONNECTION, "s-1", ContentType.TEXT, ErrorCode.EMPTY_CONTENT, Outcome.REJECTED)
    assert rows_of(rejected) == []


def test_no_row_has_content() -> None:
    assert CONTENT.encode() not in msgspec.json.encode(rows_of(opened("s-1", "an-epoch"), *whole("a-stream")))


STREAMS, CONNECTIONS = st.sampled_from("abc"), st.sampled_from([CONNECTION, OTHER])
EVENTS = st.one_of(
    st.builds(admitted, STREAMS, connection_id=CONNECTIONS),
    st.builds(started, STREAMS, connection_id=CONNECTIONS),
    st.builds(recovered, STREAMS, st.integers(1, 9), CONNECTIONS),
    st.builds(ended, STREAMS, connection_id=CONNECTIONS, outcome=st.sampled_from(Outcome)),
    st.builds(opened, STREAMS, st.sampled_from(["", "an-epoch"])),
)


@given(st.lists(EVENTS, max_size=40))
def test_each_end_has_one_row_in_any_order_of_events(events: list[Event]) -> None:
    ends = [event for event in events if type(event).__name__ == "StreamEnded"]
    rows = [row for row in rows_of(*events) if isinstance(row, StreamRow)]
    assert [(row.stream_id, row.connection_id, row.outcome) for row in rows] == [
        (end.stream_id, end.connection_id, end.outcome)  # type: ignore[union-attr]
        for end in ends
    ]
    assert len({row.row_id for row in rows}) == len(rows)


def test_the_memory_for_streams_that_do_not_end_is_bounded() -> None:
    rows: list[Row] = []
    sink = UsageSink(rows.append, lambda: NOW, 3600.0, "1.2.3")
    for number in range(sink_module.MAX_ACTIVE + 1):
        sink.record(admitted(str(number)))
    sink.record(ended("0"))
    sink.record(ended("1"))
    assert [row.speed for row in rows if isinstance(row, StreamRow)] == [None, "adaptive"]
