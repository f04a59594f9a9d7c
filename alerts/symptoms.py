"""What clients feel, or soon will: the seven alerts that the service was asked for."""

from typing import Final

from alerts.alert import Alert, Concern, Dashboard, Severity
from alerts.quantities import duration, percent
from alerts.thresholds import (
    CHUNKS_P95,
    CONNECTION_FAILURES_PER_5_MINUTES,
    ERROR_SHARE,
    FIRST_CHUNK_P95_SECONDS,
    LOW_TRAFFIC_REQUESTS_PER_5_MINUTES,
    MEMORY_SHARE,
    PROCESSING_P95_SECONDS,
    REQUESTS_PER_MINUTE,
)

_ENOUGH = f"{LOW_TRAFFIC_REQUESTS_PER_5_MINUTES} streams in 5 min"


def _p95_over(metric: str, threshold: float) -> str:
    """Of all instances together; silent if there were too few observations for a quantile to mean anything."""
    return (
        f"job:{metric}:p95_rate5m > {threshold}\n"
        "and on (job)\n"
        f"sum by (job) (increase({metric}_count[5m])) > {LOW_TRAFFIC_REQUESTS_PER_5_MINUTES}"
    )


SYMPTOMS: Final = (
    Alert(
        name="SlowProcessing",
        expr=_p95_over("stream_processing_duration_seconds", PROCESSING_P95_SECONDS),
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.PROCESSING,
        when=f"p95 of the content work, with the wait for its thread, over {duration(PROCESSING_P95_SECONDS)}",
        floor=_ENOUGH,
        summary="Content work is slow in {{ $labels.job }}",
        description="One stream in twenty waits at least {{ $value | humanizeDuration }} for its content to be made "
        f"safe and cut; the threshold is {duration(PROCESSING_P95_SECONDS)}.",
        dashboard=Dashboard.STREAMS,
    ),
    Alert(
        name="LargeContent",
        expr=_p95_over("stream_chunks", CHUNKS_P95),
        hold="5m",
        severity=Severity.INFO,
        concern=Concern.CONTENT,
        when=f"p95 of the chunks of a stream over {CHUNKS_P95}",
        floor=_ENOUGH,
        summary="Clients of {{ $labels.job }} send large contents",
        description='One stream in twenty has at least {{ $value | printf "%.0f" }} chunks; '
        f"the threshold is {CHUNKS_P95}. Such streams last long and hold memory.",
        dashboard=Dashboard.STREAMS,
    ),
    Alert(
        name="HighTraffic",
        expr=f"sum by (job) (rate(stream_requests_total[5m])) * 60 > {REQUESTS_PER_MINUTE}",
        hold="5m",
        severity=Severity.INFO,
        concern=Concern.TRAFFIC,
        when=f"over {REQUESTS_PER_MINUTE} stream requests a minute, all instances together",
        floor="none: it is about traffic",
        summary="{{ $labels.job }} gets many requests",
        description='{{ $value | printf "%.0f" }} stream requests a minute; '
        f"the threshold is {REQUESTS_PER_MINUTE}. Look whether capacity still has room.",
        dashboard=Dashboard.OVERVIEW,
    ),
    Alert(
        name="HighErrorRate",
        expr=f"job:stream_requests_failed:ratio_increase5m > {ERROR_SHARE}\n"
        "and on (job)\n"
        "sum by (job) (instance:stream_requests_eligible:increase5m)"
        f" > {LOW_TRAFFIC_REQUESTS_PER_5_MINUTES}",
        hold="2m",
        severity=Severity.CRITICAL,
        concern=Concern.ERRORS,
        when=f"over {percent(ERROR_SHARE)} of the requests failed by our fault",
        floor=_ENOUGH,
        summary="Streams of {{ $labels.job }} fail",
        description="{{ $value | humanizePercentage }} of the requests failed by our own fault in the last 5 minutes; "
        f"the threshold is {percent(ERROR_SHARE)}. What clients send wrong, cancel or leave is not counted.",
        dashboard=Dashboard.OVERVIEW,
    ),
    Alert(
        name="SlowResponse",
        expr=_p95_over("stream_time_to_first_chunk_seconds", FIRST_CHUNK_P95_SECONDS),
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.RESPONSE,
        when=f"p95 of the time to the first chunk over {duration(FIRST_CHUNK_P95_SECONDS)}",
        floor=_ENOUGH,
        summary="Streams of {{ $labels.job }} begin late",
        description="One stream in twenty shows nothing for at least {{ $value | humanizeDuration }}; "
        f"the threshold is {duration(FIRST_CHUNK_P95_SECONDS)}.",
        dashboard=Dashboard.STREAMS,
    ),
    Alert(
        name="HighMemory",
        expr=f"instance:stream_memory:ratio > {MEMORY_SHARE}",
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.MEMORY,
        when=f"an instance uses over {percent(MEMORY_SHARE)} of its memory limit",
        floor="none: memory does not depend on traffic",
        summary="{{ $labels.instance }} is short of memory",
        description="{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its limit; "
        f"the threshold is {percent(MEMORY_SHARE)}. At 100 % the system kills it, with all its connections.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="ConnectionFailures",
        expr=f"sum by (job) (instance:stream_connection_failures:increase5m) > {CONNECTION_FAILURES_PER_5_MINUTES}",
        hold="5m",
        severity=Severity.CRITICAL,
        concern=Concern.CONNECTIONS,
        when=f"over {CONNECTION_FAILURES_PER_5_MINUTES} handshakes in 5 min failed or found no free seat",
        floor=f"{CONNECTION_FAILURES_PER_5_MINUTES} failures in 5 min",
        summary="Clients cannot connect to {{ $labels.job }}",
        description='{{ $value | printf "%.0f" }} handshakes failed or found no free seat in the last 5 minutes; '
        f"the threshold is {CONNECTION_FAILURES_PER_5_MINUTES}. What clients ask wrong is not counted, nor what an "
        "instance that goes away refuses.",
        dashboard=Dashboard.CONNECTIONS,
    ),
)
