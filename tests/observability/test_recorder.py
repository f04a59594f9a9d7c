"""The recorder and its sinks: every event is taken, and a sink that fails harms nobody."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from loguru import logger
from prometheus_client.parser import text_string_to_metric_families

from observability.logs import LogSink, configure_logs
from observability.metrics import Metrics
from observability.recorder import FanOut
from service.core.errors import ErrorCode
from service.core.events import (
    AttemptOutcome,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    ErrorAnswered,
    Event,
    FaultRaised,
    Outcome,
    StreamEnded,
    StreamPauseChanged,
    StreamStarted,
)
from service.core.messages import Complexity, ContentType, Speed


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs("DEBUG", stream)
    yield stream
    logger.remove()
    logging.basicConfig(handlers=[], force=True)


def started(*, paused: bool = False) -> StreamStarted:
    return StreamStarted(
        connection_id="c",
        session_id="s",
        stream_id="i",
        trace_id="t",
        content_type=ContentType.HTML,
        complexity=Complexity.HIGH,
        speed=Speed.NORMAL,
        adaptive=True,
        word_count=900,
        chunks=250,
        processing_seconds=0.2,
        paused=paused,
    )


def ended(outcome: Outcome, *, paused: bool = False) -> StreamEnded:
    return StreamEnded(
        connection_id="c",
        session_id="s",
        stream_id="i",
        trace_id="t",
        content_type=ContentType.HTML,
        outcome=outcome,
        started=True,
        paused=paused,
        chunks=250,
        bytes=1000,
        duration_seconds=25.0,
        paused_seconds=1.5,
    )


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    body, _ = metrics.exposition("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_a_life_in_metrics() -> None:
    metrics = Metrics()
    before = samples(metrics)
    for event in (
        ConnectionAttempted(AttemptOutcome.ACCEPTED, "s"),
        ConnectionOpened("c", "s", 0),
        started(),
        StreamPauseChanged("s", "i", paused=True),
        ErrorAnswered("c", "s", ErrorCode.INVALID_SPEED, "…"),
        ended(Outcome.DISCONNECTED, paused=True),
        ConnectionClosed("c", "s", CloseReason.ABNORMAL, 1006, 30.0, 1),
    ):
        metrics.record(event)
    after = samples(metrics)
    changed = {
        key: after[key] - before[key]
        for key in before
        if after[key] != before[key] and not key[0].startswith(("process_", "python_")) and "_bucket" not in key[0]
        if not key[0].endswith("_created")
    }
    assert changed == {
        ("stream_connection_attempts_total", (("outcome", "accepted"),)): 1,
        ("stream_connection_closes_total", (("reason", "abnormal"),)): 1,
        ("stream_connection_duration_seconds_count", ()): 1,
        ("stream_connection_duration_seconds_sum", ()): 30.0,
        ("stream_errors_total", (("code", "INVALID_SPEED"),)): 1,
        ("stream_requests_total", (("content_type", "html"), ("outcome", "disconnected"))): 1,
        ("stream_processing_duration_seconds_count", (("content_type", "html"),)): 1,
        ("stream_processing_duration_seconds_sum", (("content_type", "html"),)): 0.2,
        ("stream_chunks_count", (("content_type", "html"),)): 1,
        ("stream_chunks_sum", (("content_type", "html"),)): 250,
        ("stream_duration_seconds_count", (("outcome", "disconnected"),)): 1,
        ("stream_duration_seconds_sum", (("outcome", "disconnected"),)): 25.0,
        ("stream_paused_seconds_total", ()): 1.5,
    }
    assert set(before) == set(after), "a series was not born at 0"


def test_the_format_follows_the_accept_header() -> None:
    metrics = Metrics()
    assert metrics.exposition("")[1].startswith("text/plain")
    body, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_a_sink_that_fails_is_counted_and_the_others_go_on() -> None:
    class Broken:
        def record(self, event: Event) -> None:
            raise RuntimeError(event)

    metrics = Metrics()
    FanOut([Broken(), metrics], on_failure=metrics.sink_failed).record(ConnectionOpened("c", "s", 0))
    assert samples(metrics)["stream_connections_active", ()] == 1
    assert samples(metrics)["stream_telemetry_errors_total", (("sink", "Broken"),)] == 1


def test_lines_are_json_with_the_ids_and_never_break_over_what_a_client_sent(lines: io.StringIO) -> None:
    sink = LogSink()
    sink.record(started())
    sink.record(ErrorAnswered("c", "s", ErrorCode.INVALID_SPEED, "speed '{oops} <red>\\n' is not known."))
    analysed, answered = map(json.loads, lines.getvalue().splitlines())
    assert analysed["event"] == "content analysed"
    assert (analysed["complexity"], analysed["speed"], analysed["adaptive"]) == ("high", "normal", True)
    assert (analysed["session_id"], analysed["stream_id"], analysed["trace_id"]) == ("s", "i", "t")
    assert answered["detail"] == "speed '{oops} <red>\\n' is not known."


def test_a_fault_is_logged_with_its_id_and_its_traceback_but_without_local_variables(lines: io.StringIO) -> None:
    def fail(secret: str) -> None:
        raise ValueError(len(secret))

    try:
        fail("hunter2")
    except ValueError as error:
        LogSink().record(FaultRaised("e-1", "connection", error, "s"))
    [line] = map(json.loads, lines.getvalue().splitlines())
    assert (line["level"], line["event"], line["error_id"]) == ("ERROR", "fault", "e-1")
    assert "ValueError: 7" in line["exception"]
    assert "secret" not in line["exception"].replace("len(secret)", "").replace("(secret: str)", "")


def test_the_standard_library_logs_come_along(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("careful, %s", "{braces}")
    assert json.loads(lines.getvalue())["event"] == "careful, {braces}"
