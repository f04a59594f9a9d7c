"""The log sink: which line is written for which event, with which words."""

import json
import re
import select
from string import Formatter

import pytest

from observability.registry.log_events import LOG_EVENTS
from observability.registry.process_lines import (
    LIBRARY_MESSAGE,
    LINES_LOST,
    LINES_SUPPRESSED,
    SINK_FAILED,
)
from service.content.stage import Stage
from service.events import (
    ChunkSent,
    Dependency,
    DependencyChanged,
    Event,
    FaultRaised,
    FaultSource,
    Outcome,
    RecoveryRefused,
    ServerStarted,
    StoredInMemory,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import RefusalReason
from tests.unit.observability.logs.captured_log import OpenLog
from tests.unit.observability.logs.sample_events import (
    ADMITTED,
    CLOSED,
    FALLBACK,
    LIMIT_APPROACHED,
    OPENED,
    SECRET,
    SESSION_ID,
    SETTINGS,
    STARTED,
    STREAM_ID,
    TRACE,
    all_events,
    ended,
    error_sent,
    fault,
    recovered,
)

WITHOUT_EVENT = {line.name for line in (LIBRARY_MESSAGE, LINES_SUPPRESSED, LINES_LOST, SINK_FAILED)}
"""Lines that are not caused by an event."""


def test_every_declared_line_is_written_with_its_declared_fields(open_log: OpenLog) -> None:
    log = open_log("DEBUG")
    lines = log.record(*all_events())
    declared = {event.name: event for event in LOG_EVENTS}
    for line in lines:
        event = declared[line["event"]]
        assert list(line)[:4] == ["ts", "level", "event", "message"]
        assert line.keys() - {"ts", "level", "event", "message", "instance"} <= {field.name for field in event.fields}
        assert line["level"] == event.level
    assert {line["event"] for line in lines} == declared.keys() - WITHOUT_EVENT
    seen = {(line["event"], name) for line in lines for name in line}
    assert [
        (event.name, field.name)
        for event in LOG_EVENTS
        for field in event.fields
        if event.name not in WITHOUT_EVENT and (event.name, field.name) not in seen
    ] == []
    assert log.levels == [line["level"] for line in lines]


def test_a_message_is_a_template_over_declared_fields() -> None:
    assert len({event.name for event in LOG_EVENTS}) == len(LOG_EVENTS)
    for event in LOG_EVENTS:
        used = {name for _, name, _, _ in Formatter().parse(event.message) if name is not None}
        if event is not LIBRARY_MESSAGE:
            assert used <= {field.name for field in event.fields} - {"quote", "settings", "exception"}
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", event.name)


@pytest.mark.parametrize(
    ("event", "level", "message"),
    [
        (OPENED, "INFO", f"WebSocket connected: {SESSION_ID}"),
        (ADMITTED, "INFO", f"Stream request #5: session={SESSION_ID}, length=1234 bytes, type=text"),
        (STARTED, "INFO", "Content analysis: high complexity, 900 words, 45 chunks"),
        (STARTED, "INFO", "Adaptive speed selected: normal"),
        (ended(), "INFO", "Stream complete: 45 chunks sent, 1234 bytes in 25.0 s"),
        (ended(Outcome.SKIPPED), "INFO", "Stream complete: 45 chunks sent, 1234 bytes in 25.0 s"),
        (
            ended(Outcome.DISCONNECTED, chunks=20),
            "INFO",
            "Stream ended: disconnected, 20 chunks sent, 1234 bytes in 25.0 s",
        ),
        (CLOSED, "INFO", f"WebSocket disconnected: {SESSION_ID} (requests: 5), client, code 1000, after 30.0 s"),
        (LIMIT_APPROACHED, "WARNING", "Rate limit approaching: 80 of 100 requests used"),
        (error_sent(ErrorCode.RATE_LIMIT_EXCEEDED), "WARNING", f"Rate limit exceeded: {SESSION_ID}"),
        (error_sent(ErrorCode.CONTENT_TOO_LARGE), "WARNING", f"Content too large: {SESSION_ID}"),
        (error_sent(ErrorCode.CHUNKING_ERROR), "WARNING", f"Content too large: {SESSION_ID}"),
        (error_sent(ErrorCode.SESSION_TIMEOUT), "WARNING", f"Session timeout: {SESSION_ID}"),
        (
            error_sent(ErrorCode.PROCESSING_ERROR),
            "WARNING",
            f"Stream processing error: content too costly, {SESSION_ID}",
        ),
        *(
            (error_sent(code, fault=True), "ERROR", f"Stream processing error: {code}")
            for code in (ErrorCode.PROCESSING_ERROR, ErrorCode.CHUNKING_ERROR, ErrorCode.INTERNAL_ERROR)
        ),
        (FALLBACK, "ERROR", "Chunking failed, using fallback: type=text"),
        (error_sent(ErrorCode.INVALID_SPEED), "INFO", "Error sent: INVALID_SPEED"),
        (recovered(), "INFO", "Stream recovered: continues at chunk 20 of 45"),
        (recovered(repeated=True), "INFO", "Stream repeated: continues at chunk 0 of 45"),
        (RecoveryRefused("d", "s", "a word", RefusalReason.POSITION), "INFO", "Recovery refused: position"),
    ],
)
def test_a_line_has_the_words_that_operators_search_for(
    open_log: OpenLog, event: Event, level: str, message: str
) -> None:
    assert (level, message) in [(line["level"], line["message"]) for line in open_log().record(event)]


def test_only_faults_of_the_service_are_errors() -> None:
    """One client that sends invalid requests raises no error signal."""
    of_the_service = {
        "worker_replaced",
        "store_in_memory",
        "dependency_unavailable",
        "usage_dropped",
        "fault_raised",
        "sink_failed",
        "processing_failed",
        "fallback_used",
    }
    assert {event.name for event in LOG_EVENTS if event.level == "ERROR"} == of_the_service


def test_lines_of_a_stream_have_all_its_ids(open_log: OpenLog) -> None:
    ids = {
        "trace_id": TRACE.trace_id,
        "span_id": TRACE.span_id,
        "session_id": SESSION_ID,
        "connection_id": "c",
        "stream_id": STREAM_ID,
    }
    lines = open_log().record(ADMITTED, STARTED, ended())
    assert len(lines) == 4
    for line in lines:
        assert line.items() >= ids.items()


def test_a_speed_that_the_client_chose_is_not_logged_as_adaptive(open_log: OpenLog) -> None:
    chosen = type(STARTED)(**{name: getattr(STARTED, name) for name in STARTED.__struct_fields__} | {"adaptive": False})
    assert [line["event"] for line in open_log().record(chosen)] == ["content_analysed"]


def test_a_failed_sanitising_is_logged_as_fallback(open_log: OpenLog) -> None:
    failed = type(FALLBACK)("c", SESSION_ID, STREAM_ID, TRACE, FALLBACK.content_type, Stage.SANITISE)
    assert open_log().record(failed)[0]["message"] == "Sanitising failed, using fallback: type=text"


@pytest.mark.parametrize(
    ("settings", "public"),
    [
        ({}, True),
        ({"HOST": "192.0.2.1"}, True),
        ({"HOST": "example.com"}, True),
        ({"HOST": "127.0.0.1"}, False),
        ({"HOST": "::1"}, False),
        ({"HOST": "localhost"}, False),
        ({"METRICS_TOKEN": "***"}, False),
        ({"METRICS_PORT": "9090"}, False),
        ({"AUTH_MODE": "jwt"}, False),
    ],
)
def test_metrics_that_every_client_can_read_are_reported_at_the_start(
    open_log: OpenLog, settings: dict[str, str], *, public: bool
) -> None:
    lines = open_log("INFO").record(ServerStarted("2.4.1", SETTINGS | settings))
    assert ("metrics_public" in [line["event"] for line in lines]) == public


@pytest.mark.parametrize(
    ("settings", "reported"),
    [({}, True), ({"HOST": "127.0.0.1"}, False), ({"AUTH_MODE": "jwt"}, False), ({"AUTH_MODE": "key"}, False)],
)
def test_the_lack_of_authentication_beyond_this_machine_is_reported_once_at_the_start(
    open_log: OpenLog, settings: dict[str, str], *, reported: bool
) -> None:
    lines = open_log("ERROR").record(ServerStarted("2.4.1", SETTINGS | settings))
    assert [line["event"] for line in lines] == ["every_client_admitted"] * reported


def test_of_several_workers_the_first_reports_what_the_settings_admit(open_log: OpenLog) -> None:
    lines = open_log("INFO").record(
        ServerStarted("2.4.1", SETTINGS | {"LOG_CONTENT": "on"}, ("AUTHMODE",), first=False)
    )
    assert [line["event"] for line in lines] == ["service_started"]


def test_each_variable_that_is_no_setting_is_named_at_the_start(open_log: OpenLog) -> None:
    lines = open_log("ERROR").record(ServerStarted("2.4.1", SETTINGS | {"AUTH_MODE": "key"}, ("AUTHMODE", "AUTH_X")))
    assert [(line["event"], line["level"], line["name"]) for line in lines] == [
        ("setting_unknown", "WARNING", "AUTHMODE"),
        ("setting_unknown", "WARNING", "AUTH_X"),
    ]


def test_an_outage_is_logged_with_its_impact_and_its_end_at_every_level(open_log: OpenLog) -> None:
    lines = open_log("ERROR").record(
        StoredInMemory(Dependency.USAGE_STORE, "Permission denied"),
        *(DependencyChanged(one, up=False, reason="Connection refused.") for one in Dependency),
        *(DependencyChanged(one, up=True) for one in Dependency),
    )
    assert [line["level"] for line in lines] == ["ERROR"] * (1 + len(Dependency)) + ["INFO"] * len(Dependency)
    assert lines[0]["message"] == (
        "The usage_store is in memory only, because its file cannot be used: Permission denied. A restart loses it, "
        "and each worker has its own. Make DATA_DIR writable or move a damaged file, then restart"
    )
    assert lines[len(Dependency)]["message"] == (
        "The database is unavailable: Connection refused. Impact: usage waits in the file in DATA_DIR; no row is lost"
    )
    assert lines[-1]["message"] == "The database is available again"


def test_text_from_a_client_is_logged_only_at_debug_and_exception_texts_never(open_log: OpenLog) -> None:
    refused = RecoveryRefused("c", "s", "{stray} word" + "…" * 1000, RefusalReason.UNKNOWN)
    events: list[Event] = [error_sent(text="{oops} <red>"), refused, fault(FaultSource.CONTENT, "canary")]
    text = json.dumps(open_log("INFO").record(*events))
    assert [word for word in ("oops", "stray", "canary", SECRET) if word in text] == []
    lines = open_log("DEBUG").record(*events)
    assert [line["quote"] for line in lines if "quote" in line] == ["{oops} <red>", refused.stream_id[:200]]
    assert [word for word in ("canary", SECRET) if word in json.dumps(lines)] == []


@pytest.mark.parametrize("character", ["x", "語", "\x00", "😀"])
def test_a_chunk_is_logged_at_debug_and_its_line_fits_the_atomic_size_of_a_pipe(
    open_log: OpenLog, character: str
) -> None:
    sent = ChunkSent(STREAM_ID, TRACE, 2**53, character * 1000)
    assert open_log("INFO").record(sent) == []
    log = open_log("DEBUG")
    [line] = log.record(sent)
    assert line.items() >= {"level": "DEBUG", "stream_id": STREAM_ID, "quote": character * 500}.items()
    assert len(log.text().encode()) <= select.PIPE_BUF


@pytest.mark.parametrize("source", FaultSource)
def test_a_fault_has_its_id_and_a_traceback_without_text_and_variables(open_log: OpenLog, source: FaultSource) -> None:
    [line] = open_log("DEBUG").record(fault(source, "canary"))
    assert line.items() >= {"level": "ERROR", "event": "fault_raised", "error_id": "e-1", "source": source}.items()
    assert line["exception"].endswith("\nValueError")
    assert "in fail" in line["exception"]
    assert line["trace_id"] == TRACE.trace_id


def test_the_traceback_of_a_runaway_recursion_is_short(open_log: OpenLog) -> None:
    def one() -> None:
        two()

    def two() -> None:
        one()

    with pytest.raises(RecursionError) as caught:
        one()
    [line] = open_log().record(FaultRaised("e-1", FaultSource.CONTENT, caught.value))
    assert line["exception"].count("\n") < 200
    assert line["exception"].endswith("RecursionError: maximum recursion depth exceeded")
