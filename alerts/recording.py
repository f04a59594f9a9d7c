"""What is reckoned once and asked for often: recording rules, shared by alerts and dashboards.

A name is ``level:metric:operation``. The level says which labels are left: ``instance`` stands for job and instance,
``job`` for the job alone, all instances together. A quantile over several instances is taken from the sum of their
buckets, never from their quantiles.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from alerts.thresholds import FIRST_CHUNK_P95_SECONDS
from alerts.windows import BURN_WINDOWS

FAILURES_OF_OURS: Final = 'outcome=~"error|refused_capacity"'
"""Handshakes that did not fail by what the client asked, nor because an instance goes away."""
COULD_HAVE_GONE_WELL: Final = 'outcome!~"rejected|cancelled|disconnected|shutdown|taken_over"'
"""Requests that neither the client spoiled or gave up, nor a deploy cut short."""


class Recording(Struct, frozen=True):
    record: str
    expr: str


class RecordingGroup(Struct, frozen=True):
    """Rules that are evaluated one after the other, so that a later one may use an earlier one."""

    name: str
    rules: tuple[Recording, ...]


def bucket_rate(metric: str) -> str:
    """The recorded rate of a histogram's buckets over five minutes: job, instance, le."""
    return f"instance_le:{metric}_bucket:rate5m"


def _bucket_rates() -> Iterator[Recording]:
    for metric in (
        "stream_processing_duration_seconds",
        "stream_time_to_first_chunk_seconds",
        "stream_chunks",
        "stream_pacing_lag_seconds",
        "stream_event_loop_lag_seconds",
    ):
        yield Recording(bucket_rate(metric), f"sum by (job, instance, le) (rate({metric}_bucket[5m]))")


def _quantiles() -> Iterator[Recording]:
    for metric in ("stream_processing_duration_seconds", "stream_time_to_first_chunk_seconds", "stream_chunks"):
        yield Recording(
            f"job:{metric}:p95_rate5m", f"histogram_quantile(0.95, sum by (job, le) ({bucket_rate(metric)}))"
        )
    for metric in ("stream_pacing_lag_seconds", "stream_event_loop_lag_seconds"):
        yield Recording(f"instance:{metric}:p99_rate5m", f"histogram_quantile(0.99, {bucket_rate(metric)})")


def _counts() -> Iterator[Recording]:
    yield Recording(
        "instance:stream_connection_failures:increase5m",
        f"sum by (job, instance) (increase(stream_connection_attempts_total{{{FAILURES_OF_OURS}}}[5m]))",
    )
    yield Recording("instance:stream_memory:ratio", "stream_memory_usage_bytes / stream_memory_limit_bytes")


def _objectives(window: str) -> Iterator[Recording]:
    """The parts and the ratio of both objectives over one window."""
    yield Recording(
        f"instance:stream_requests_eligible:increase{window}",
        f"sum by (job, instance) (increase(stream_requests_total{{{COULD_HAVE_GONE_WELL}}}[{window}]))",
    )
    yield Recording(
        f"instance:stream_requests_failed:increase{window}",
        f'sum by (job, instance) (increase(stream_requests_total{{outcome="error"}}[{window}]))',
    )
    yield Recording(
        f"job:stream_requests_failed:ratio_increase{window}",
        f"sum by (job) (instance:stream_requests_failed:increase{window})"
        f" / sum by (job) (instance:stream_requests_eligible:increase{window})",
    )
    yield Recording(
        f"instance:stream_first_chunks:increase{window}",
        f"sum by (job, instance) (increase(stream_time_to_first_chunk_seconds_count[{window}]))",
    )
    in_time = f'stream_time_to_first_chunk_seconds_bucket{{le="{float(FIRST_CHUNK_P95_SECONDS)}"}}'
    yield Recording(
        f"instance:stream_first_chunks_in_time:increase{window}",
        f"sum by (job, instance) (increase({in_time}[{window}]))",
    )
    yield Recording(
        f"job:stream_first_chunks_late:ratio_increase{window}",
        f"1 - sum by (job) (instance:stream_first_chunks_in_time:increase{window})"
        f" / sum by (job) (instance:stream_first_chunks:increase{window})",
    )


RECORDINGS: Final = (
    RecordingGroup("stream-rates", (*_bucket_rates(), *_quantiles(), *_counts())),
    *(RecordingGroup(f"stream-objectives-{window}", tuple(_objectives(window))) for window in BURN_WINDOWS),
)
"""All of them. The names stay when the windows are shortened for a rehearsal: ``alerts.rules``."""
