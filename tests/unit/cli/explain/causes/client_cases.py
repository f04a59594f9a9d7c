"""For the causes about requests, clients and telemetry the evidence of each."""

from tests.unit.cli.explain.causes.case import Case
from tests.unit.cli.explain.given import counter, gauge, histogram, line, lines

_FEW_MISTAKES = [line("error_sent", 20, code="EMPTY_CONTENT", session_id=f"other-{number}") for number in range(3)]

CASES = [
    Case(
        cause="service_errors",
        series=[
            counter("stream_requests_total", 30, outcome="error", content_type="html"),
            counter("stream_errors_total", 30, code="PROCESSING_ERROR"),
        ],
        lines=lines(
            30,
            "fault_raised",
            level="ERROR",
            source="content",
            error_id="e-1",
            session_id="one",
            exception="Traceback\n  File x\nValueError: [withheld]",
        ),
        parts=("30 requests failed", "content: ValueError: [withheld]", "e-1"),
    ),
    Case(
        cause="service_errors",
        name="low traffic",
        alone=True,
        series=[counter("stream_requests_total", 4, outcome="error", content_type="html")],
        parts=("4 requests failed", "100 % of the requests"),
    ),
    Case(
        cause="seats_full",
        series=[counter("stream_connection_attempts_total", 80, outcome="refused_capacity")],
        parts=("MAX_CONNECTIONS is 2,000", "80 handshakes", "480 open connections"),
    ),
    Case(
        cause="accept_paused",
        series=[counter("stream_accept_pauses_total", 1)],
        lines=[line("accept_paused", 30, "WARNING", reason="Too many open files")],
        parts=("No connection can be accepted: Too many open files",),
    ),
    Case(
        cause="failed_handshakes",
        series=[counter("stream_connection_attempts_total", 3, outcome="error")],
        parts=("3 handshakes failed",),
    ),
    Case(
        cause="content_limit",
        alone=True,
        also=("mistakes",),
        series=[
            counter("stream_requests_total", 61, outcome="rejected", content_type="html"),
            counter("stream_errors_total", 61, code="CONTENT_TOO_LARGE"),
            gauge("stream_config_limit_bytes", 100, limit="max_content_size"),
        ],
        parts=("100 % of the requests are refused", "MAX_CONTENT_SIZE is 100 bytes", "61 CONTENT_TOO_LARGE"),
    ),
    Case(
        cause="content_limit",
        name="of one user, by the log",
        alone=True,
        also=("one_client",),
        lines=lines(25, "content_too_large", code="CONTENT_TOO_LARGE", session_id="one"),
        parts=("over MAX_CONTENT_SIZE.", "log: 25 CONTENT_TOO_LARGE"),
    ),
    Case(
        cause="connections_cut",
        lines=[
            line(
                "connection_closed",
                90 - number,
                reason="abnormal",
                session_id=f"s-{number}",
                seconds=2.9 + number / 100,
            )
            for number in range(30)
        ],
        parts=("when they are 3.04 s old", "30 closes with abnormal", "time limit in the proxy"),
    ),
    Case(
        cause="one_client",
        lines=[*lines(97, "error_sent", code="INVALID_SPEED", session_id="broken"), *_FEW_MISTAKES],
        parts=(
            "One session, broken, has 97 % of the errors",
            "3 others had few errors",
            "97 INVALID_SPEED",
            "block it",
        ),
    ),
    Case(
        cause="one_client",
        name="input limit",
        lines=lines(30, "connection_closed", reason="input_frames", session_id="flood"),
        parts=("flood", "30 input_frames"),
    ),
    Case(
        cause="one_client",
        name="in several sessions",
        lines=[
            *lines(50, "error_sent", code="INVALID_SPEED", session_id="broken-1"),
            *lines(30, "error_sent", code="EMPTY_CONTENT", session_id="broken-2"),
            *_FEW_MISTAKES,
        ],
        parts=("2 sessions, broken-1, broken-2, have 96 %", "7 had none"),
    ),
    Case(
        cause="mistakes",
        name="of many clients",
        lines=[line("error_sent", 20, code="INVALID_SPEED", session_id=f"client-{number}") for number in range(60)],
        parts=("60 INVALID_SPEED", "60 sessions", "what changed in the client"),
    ),
    Case(
        cause="mistakes",
        name="more than the log has lines of, most of them of one client",
        series=[counter("stream_errors_total", 300, code="INVALID_SPEED")],
        lines=[
            line("error_sent", 80 - number, code="INVALID_SPEED", session_id=f"client-{number if number > 44 else 0}")
            for number in range(60)
        ],
        parts=("300 INVALID_SPEED", "at least 16 sessions", "most of session client-0"),
    ),
    Case(
        cause="mistakes",
        series=[counter("stream_errors_total", 300, code="INVALID_MESSAGE")],
        parts=("300 INVALID_MESSAGE",),
    ),
    Case(
        cause="input_limits",
        series=[counter("stream_connection_closes_total", 60, reason="input_bytes")],
        parts=("60 input_bytes",),
    ),
    Case(
        cause="rate_limits",
        series=[counter("stream_rate_limit_hits_total", 70, scope="session")],
        parts=("70 requests exceeded MAX_REQUESTS_PER_SESSION",),
    ),
    Case(
        cause="refused_handshakes",
        series=[counter("stream_connection_attempts_total", 60, outcome="refused_origin")],
        parts=("60 handshakes were refused of an origin", "ALLOWED_ORIGINS"),
    ),
    Case(
        cause="refused_tokens",
        series=[counter("stream_token_refusals_total", 60, reason="expired")],
        parts=("60 tokens were refused: they had ended", "close code 4122"),
    ),
    Case(
        cause="refused_tokens",
        name="log",
        alone=True,
        lines=lines(30, "token_refused", reason="invalid", carrier="header"),
        parts=("30 tokens were refused", "30 token_refused lines, by", "header"),
    ),
    Case(
        cause="slow_readers",
        series=[
            counter("stream_connection_closes_total", 12, reason="slow_client"),
            *histogram("stream_chunk_send_seconds", {10.0: 40.0}),
        ],
        parts=("13 connections were closed because the client did not read", "full socket, p95"),
    ),
    Case(
        cause="sockets_dropped",
        series=[counter("stream_sockets_dropped_total", 400, reason="timeout")],
        parts=("400 timeout",),
    ),
    Case(
        cause="session_timeouts",
        series=[counter("stream_connection_closes_total", 80, reason="session_timeout")],
        parts=("80 sessions reached MAX_SESSION_DURATION",),
    ),
    Case(
        cause="telemetry_dropped",
        series=[counter("stream_telemetry_dropped_total", 512, signal="traces")],
        lines=[
            line("library_message", 100, "ERROR", "Failed to export span batch", logger="opentelemetry.exporter.otlp")
        ],
        parts=("512 traces", "the collector is unavailable or too slow", "Failed to export span batch"),
    ),
    Case(
        cause="telemetry_failing",
        series=[counter("stream_telemetry_errors_total", 3, sink="TraceSink")],
        parts=("3 TraceSink",),
    ),
    Case(
        cause="failing_recoveries",
        series=[counter("stream_recoveries_total", 40, result="unavailable")],
        parts=("40 unavailable", "40 clients"),
    ),
    Case(
        cause="slow_responses",
        series=[
            *histogram("stream_time_to_first_chunk_seconds", {0.5: 1.0, 1.0: 60.0}, content_type="html"),
            *histogram("stream_request_phase_seconds", {0.5: 60.0}, phase="admission"),
            *histogram("stream_request_phase_seconds", {0.05: 60.0}, phase="work"),
        ],
        parts=("First chunks are late", "91 % of the time in admission"),
    ),
    Case(
        cause="late_chunks",
        series=histogram("stream_chunk_lag_seconds", {0.1: 900.0, 0.5: 100.0}),
        parts=("Chunks are late",),
    ),
    Case(
        cause="traffic",
        series=[counter("stream_requests_total", 600, 300, outcome="completed", content_type="html")],
        dated=False,
        parts=("125 requests a minute",),
    ),
]
