"""The metrics of recovered streams."""

import pytest
from msgspec.structs import replace

from observability.metrics.metrics_sink import Metrics
from service.events import (
    Outcome,
    RecoveryRefused,
    StreamEnded,
    StreamPauseChanged,
)
from service.protocol.messages import (
    RefusalReason,
)
from tests.unit.observability.metrics.samples import SAMPLED, ended, recovered, started, value, values


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        # the loss of the connection was noticed
        (
            ended(SAMPLED, Outcome.DISCONNECTED),
            replace(ended(SAMPLED, Outcome.COMPLETED), counted=True),
            "disconnected",
        ),
        # the stream was acquired before the loss of the connection was noticed
        (ended(SAMPLED, Outcome.TAKEN_OVER), ended(SAMPLED, Outcome.COMPLETED), "completed"),
        # its process died
        (None, ended(SAMPLED, Outcome.COMPLETED), "completed"),
    ],
)
def test_a_request_is_counted_once_also_after_recoveries(
    metrics: Metrics, first: StreamEnded | None, second: StreamEnded, outcome: str
) -> None:
    metrics.record(started(SAMPLED))
    if first is not None:
        metrics.record(first)
    metrics.record(recovered())
    metrics.record(second)
    counted = {"stream_requests_total": 0.0, "stream_duration_seconds_count": 0.0}
    for (name, labels), number in values(metrics).items():
        if name in counted:
            counted[name] += number
            assert number == 0 or name != "stream_requests_total" or ("outcome", outcome) in labels
    assert set(counted.values()) == {1}
    assert value(metrics, "stream_chunks_count", content_type="html") == 1
    assert value(metrics, "stream_processing_duration_seconds_count", content_type="html") == 1
    assert value(metrics, "stream_time_to_first_chunk_seconds_count", content_type="html") == 0
    assert value(metrics, "stream_paused_seconds_total") == (3 if first else 1.5), "of each connection"


def test_a_request_queued_behind_a_stream_that_was_taken_over_is_counted(metrics: Metrics) -> None:
    metrics.record(ended(SAMPLED, Outcome.TAKEN_OVER, started=False))
    assert value(metrics, "stream_requests_total", content_type="html", outcome="taken_over") == 1


def test_recoveries_are_counted_by_result(metrics: Metrics) -> None:
    metrics.record(recovered())
    metrics.record(recovered(repeated=True))
    for reason in RefusalReason:
        metrics.record(RecoveryRefused("c", "s", "i", reason))
    for result in ("recovered", "repeated", *RefusalReason):
        assert value(metrics, "stream_recoveries_total", result=result) == 1
    assert value(metrics, "stream_recovery_seconds_count") == 2
    assert value(metrics, "stream_recovery_seconds_sum") == 1.25


def test_a_recovered_stream_is_active_until_it_ends(metrics: Metrics) -> None:
    def now() -> tuple[float, float]:
        return (
            value(metrics, "stream_active_streams", state="streaming"),
            value(metrics, "stream_active_streams", state="paused"),
        )

    metrics.record(recovered(paused=True))
    assert now() == (0, 1)
    metrics.record(StreamPauseChanged("s", "i", SAMPLED, paused=False))
    assert now() == (1, 0)
    metrics.record(replace(ended(SAMPLED, Outcome.COMPLETED), counted=True))
    assert now() == (0, 0)
