"""Evidence as tests give it: half an hour that ends at ``END``, of which the last five minutes are the present."""

from collections.abc import Iterable, Mapping
from math import inf

from service.cli.explain.evidence import Alert, Evidence, LogLine, Period, Series, Span

END = 1_790_000_000.0
PERIOD = Period.before(END, 1800)
STEP = 15
TIMES = [PERIOD.start + STEP * number for number in range(121)]
JOB = "streaming-content-api"
TARGET = {"job": JOB, "instance": "10.0.0.1:8000"}
OTHER_TARGET = {"job": JOB, "instance": "10.0.0.2:8000"}


def line(event: str, ago: float = 60, level: str = "INFO", message: str = "", **fields: object) -> LogLine:
    """A line, ``ago`` seconds before the end."""
    return LogLine(END - ago, level, event, message or event.replace("_", " "), fields)


def lines(count: int, event: str, level: str = "INFO", **fields: object) -> list[LogLine]:
    """Lines of one kind, a second apart."""
    return [line(event, 10 + number, level, "", **fields) for number in range(count)]


def gauge(
    name: str,
    value: float,
    before: float | None = None,
    ago: float = 120,
    *,
    target: Mapping[str, str] = TARGET,
    **labels: str,
) -> Series:
    """A series that has had its value for ``ago`` seconds, and another one before."""
    earlier = value if before is None else before
    points = tuple((at, value if at >= END - ago else earlier) for at in TIMES)
    return Series(name, {**target, **labels}, points)


def counter(
    name: str,
    by: float,
    ago: float = 240,
    until: float = 0,
    *,
    target: Mapping[str, str] = TARGET,
    **labels: str,
) -> Series:
    """A counter that increases evenly by ``by`` from ``ago`` to ``until`` seconds before the end."""
    return _counter(name, by, (END - ago, END - until), {**target, **labels})


def histogram(
    name: str, counts: Mapping[float, float], ago: float = 240, *, target: Mapping[str, str] = TARGET, **labels: str
) -> list[Series]:
    """Observations in the last ``ago`` seconds, by the upper bound of their bucket; the mean is that bound."""
    time, labels = (END - ago, END), {**target, **labels}
    buckets = {bound: sum(counts[one] for one in counts if one <= bound) for bound in (*counts, inf)}
    total = sum(bound * count for bound, count in counts.items() if bound != inf)
    return [
        *(_counter(f"{name}_bucket", count, time, {**labels, "le": _le(bound)}) for bound, count in buckets.items()),
        _counter(f"{name}_sum", total, time, labels),
        _counter(f"{name}_count", sum(counts.values()), time, labels),
    ]


def evidence(
    series: Iterable[Series] = (),
    lines: Iterable[LogLine] = (),
    *,
    spans: Iterable[Span] = (),
    alerts: Iterable[Alert] = (),
    jobs: Iterable[str] = (),
    period: Period = PERIOD,
) -> Evidence:
    return Evidence.of(period, series=series, lines=lines, spans=spans, alerts=alerts, jobs=jobs)


def healthy() -> list[Series]:
    """Two instances under some load, with what a healthy service has too: rejected requests, cut clients."""
    return [
        one
        for target in (TARGET, OTHER_TARGET)
        for one in (
            gauge("up", 1, target=target),
            gauge("stream_build_info", 1, version="2.4.1", target=target),
            gauge("process_start_time_seconds", END - 86_400, target=target),
            counter("process_cpu_seconds_total", 300, 1800, target=target),
            gauge("stream_worker_up", 1, worker="0", target=target),
            gauge("stream_connections_active", 240, target=target),
            gauge("stream_active_streams", 30, state="streaming", target=target),
            gauge("stream_memory_usage_bytes", 180e6, target=target),
            gauge("stream_memory_limit_bytes", 512e6, target=target),
            *(
                gauge("stream_dependency_up", 1, dependency=dependency, target=target)
                for dependency in (
                    "session_store",
                    "stream_writes",
                    "stream_reads",
                    "access_store",
                    "live_store",
                    "plan_cache",
                    "token_keys",
                    "usage_store",
                    "database",
                )
            ),
            counter("stream_requests_total", 120, 1800, outcome="completed", content_type="html", target=target),
            counter("stream_requests_total", 9, 1800, outcome="cancelled", content_type="html", target=target),
            counter("stream_requests_total", 2, 1800, outcome="rejected", content_type="html", target=target),
            counter("stream_errors_total", 2, 1800, code="EMPTY_CONTENT", target=target),
            counter("stream_errors_total", 4, 1800, code="IDLE_TIMEOUT", target=target),
            counter("stream_connection_attempts_total", 200, 1800, outcome="accepted", target=target),
            counter("stream_connection_attempts_total", 3, 1800, outcome="refused_origin", target=target),
            counter("stream_connection_closes_total", 190, 1800, reason="client", target=target),
            counter("stream_connection_closes_total", 4, 1800, reason="slow_client", target=target),
            counter("stream_event_loop_stall_seconds_total", 1.2, 1800, target=target),
            counter("stream_recoveries_total", 6, 1800, result="recovered", target=target),
            counter("stream_recoveries_total", 1, 1800, result="unknown", target=target),
            *histogram(
                "stream_time_to_first_chunk_seconds", {0.01: 95, 0.25: 4, 1.0: 1}, content_type="html", target=target
            ),
            *histogram("stream_request_phase_seconds", {0.005: 100, 0.1: 2}, phase="admission", target=target),
            *histogram("stream_request_phase_seconds", {0.01: 90, 0.25: 4}, phase="work", target=target),
            *histogram(
                "stream_dependency_call_seconds",
                {0.001: 100, 0.25: 2},
                dependency="session_store",
                operation="admit",
                target=target,
            ),
            *histogram(
                "stream_dependency_call_seconds",
                {0.5: 300},
                dependency="session_store",
                operation="measure",
                target=target,
            ),
            *histogram("stream_content_wait_seconds", {0.005: 90, 0.1: 4}, content_worker="thread", target=target),
            *histogram("stream_chunk_lag_seconds", {0.01: 5000, 0.1: 20}, target=target),
            *histogram("stream_chunks", {50: 90, 100: 4}, content_type="html", target=target),
        )
    ]


def healthy_lines() -> list[LogLine]:
    """The log of a healthy process: a start, streams, mistakes of several clients, an outage that is over."""
    streams = [
        line(
            event,
            30 + 10 * number,
            "INFO",
            "",
            stream_id=f"stream-{number}",
            session_id=f"session-{number % 7}",
            **fields,
        )
        for number in range(20)
        for event, fields in (
            ("stream_requested", {"bytes": 400, "content_type": "html"}),
            ("content_analysed", {"processing_ms": 3.0, "queued_ms": 0.0, "chunks": 12}),
            ("stream_completed", {"outcome": "completed", "chunks": 12, "seconds": 0.4}),
        )
    ]
    return [
        line("service_started", 1700, settings={"REDIS_URL": "***", "MAX_CONNECTIONS": "2000"}),
        *streams,
        line("error_sent", 700, code="EMPTY_CONTENT", session_id="session-1"),
        line("error_sent", 900, code="INVALID_SPEED", session_id="session-2"),
        line("connection_closed", 50, reason="slow_client", session_id="session-3"),
        line("connection_refused", 55, outcome="refused_origin"),
        line("event_loop_stalled", 80, "WARNING", ms=130.0, lasts=False, frame="-"),
    ]


def alert(name: str, severity: str = "warning", ago: float = 90, *, firing: bool = True, **labels: str) -> Alert:
    annotations = {"summary": f"{name} of the service.", "runbook_url": "https://example.com/runbooks/some-file.md"}
    return Alert(name, {"alertname": name, "severity": severity, **labels}, annotations, END - ago, firing)


def _counter(name: str, by: float, time: tuple[float, float], labels: Mapping[str, str]) -> Series:
    begin, end = time
    points = tuple((at, 1000 + by * min(max((at - begin) / (end - begin), 0), 1)) for at in TIMES)
    return Series(name, labels, points)


def _le(bound: float) -> str:
    return "+Inf" if bound == inf else repr(float(bound))
