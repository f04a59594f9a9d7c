"""The event logger: levels, limits on repeated lines, and the messages of libraries."""

import logging
import warnings

import pytest

from observability.logs.line_writer import LineWriter
from observability.recorder import FanOut
from service.events import (
    AcceptPaused,
    ConnectionAttempted,
    Event,
    LiveEvent,
    LoopLagMeasured,
    LoopStalled,
    SocketLimitSet,
    StoreLimitReached,
    WorkerReplaced,
)
from tests.unit.observability.logs.captured_log import OpenLog
from tests.unit.observability.logs.sample_events import LIMIT_APPROACHED, all_events, ended, error_sent

ALWAYS = {"service_listening", "every_client_admitted", "setting_unknown", "key_made", "tokens_revoked"}
OF_DEPENDENCIES = {"store_in_memory", "dependency_unavailable", "dependency_recovered", "usage_dropped"}
OF_FAULTS = {"fallback_used", "fault_raised", "processing_failed"}
OF_CLIENTS = {
    "rate_limit_approaching",
    "rate_limit_exceeded",
    "content_too_large",
    "content_too_costly",
    "session_timeout",
}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (
            "WARNING",
            {*ALWAYS, "library_message", "content_work_killed", "content_logged"}
            | OF_DEPENDENCIES
            | OF_FAULTS
            | OF_CLIENTS,
        ),
        ("ERROR", ALWAYS | OF_DEPENDENCIES | OF_FAULTS),
    ],
)
def test_the_address_who_may_connect_and_the_end_of_an_outage_are_logged_at_every_level(
    open_log: OpenLog, level: str, expected: set[str]
) -> None:
    log = open_log(level)
    logging.getLogger("library").warning("careful")
    skipped = (
        LiveEvent
        | LoopLagMeasured
        | LoopStalled
        | WorkerReplaced
        | ConnectionAttempted
        | AcceptPaused
        | SocketLimitSet
        | StoreLimitReached
    )
    lines = log.record(*(event for event in all_events() if not isinstance(event, skipped)))
    assert {line["event"] for line in lines} == expected


def test_a_flood_of_one_kind_does_not_suppress_another(open_log: OpenLog) -> None:
    log = open_log()
    for _ in range(10_000):
        log.sink.record(error_sent())
    log.sink.record(ended())
    log.now += 10
    log.sink.record(LoopLagMeasured(0.0))
    lines = log.record(error_sent())
    assert [line["event"] for line in lines] == [
        *["error_sent"] * 50,
        "stream_completed",
        "lines_suppressed",
        "error_sent",
    ]
    assert lines[51].items() >= {"suppressed": "error_sent", "count": 9950}.items()


def test_suppressed_lines_are_reported_when_the_log_is_closed(open_log: OpenLog) -> None:
    lines = open_log().record(*[error_sent()] * 60)
    assert [line["event"] for line in lines] == ["error_sent"] * 50 + ["lines_suppressed"]
    assert lines[-1].items() >= {"suppressed": "error_sent", "count": 10}.items()


def test_failures_of_a_sink_are_logged_at_a_limited_rate(open_log: OpenLog) -> None:
    log = open_log()

    class TraceSink:
        def record(self, event: Event) -> None:
            raise ValueError(event)

    recorder = FanOut([TraceSink(), log.sink], on_failure=log.logger.log_sink_failure)
    for _ in range(1000):
        recorder.record(LIMIT_APPROACHED)
    failed = [line for line in log.record() if line["event"] == "sink_failed"]
    assert len(failed) == 3
    assert (failed[0]["level"], failed[0]["sink"]) == ("ERROR", "TraceSink")
    assert "in record" in failed[0]["exception"]
    assert failed[0]["exception"].endswith("\nValueError")


def test_a_failure_of_the_log_itself_is_counted_and_raises_nothing(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_writer: LineWriter, _line: bytes) -> None:
        raise RuntimeError

    log = open_log()
    with monkeypatch.context() as broken:
        broken.setattr(LineWriter, "write", refuse)
        FanOut([log.sink], on_failure=log.logger.log_sink_failure).record(ended())
    assert log.lost == 1
    assert log.record(ended())[0]["event"] == "stream_completed"


def test_libraries_are_logged_from_warning_on_and_once_a_minute_for_each_line_of_code(open_log: OpenLog) -> None:
    log = open_log("DEBUG")
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.info('%s - "WebSocket %s" [accepted]', "127.0.0.1", "/ws/stream/s?token=canary")
    for _ in range(3):
        uvicorn.warning("careful, %s \udcff", "{braces}")
    log.now += 60
    log.logger.report_suppressed()
    uvicorn.warning("two %s, one value")
    uvicorn.warning("%d", "not a number")  # an unformattable record is lost, and raises nothing
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("an old way", DeprecationWarning, stacklevel=1)
    refusal = ConnectionRefusedError(111, "Connection refused")
    logging.getLogger("opentelemetry.exporter").error("Failed to export", exc_info=refusal)
    careful, suppressed, literal, old, failed = log.record()
    assert (careful["logger"], careful["message"]) == ("uvicorn.error", "careful, {braces} \\udcff")
    assert suppressed["message"].startswith("2 more lines of uvicorn.error:")
    assert literal["message"] == "two %s, one value"
    assert old["logger"] == "py.warnings"
    assert "an old way" in old["message"]
    assert (failed["level"], failed["message"]) == ("ERROR", "Failed to export")
    assert failed["exception"].endswith("ConnectionRefusedError: Connection refused")
    assert log.lost == 1
