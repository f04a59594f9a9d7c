"""Each event of live streams changes its metrics and no others."""

import pytest

from observability.metrics.metrics_sink import Metrics
from service.events import AppendRefused, LiveOutcome, RefusedAppend
from tests.unit.observability.metrics.samples import SAMPLED, UNSAMPLED, exemplar_trace_ids, value, values
from tests.unit.sample_live import live_ended, live_events, measured


def test_the_events_of_a_stream_change_their_metrics_and_no_others(metrics: Metrics) -> None:
    before = values(metrics)
    for event in live_events(SAMPLED, "s", "i", "u"):
        metrics.record(event)
    after = values(metrics)
    assert set(before) == set(after), "a series is missing at the start"
    assert {
        f"{name}{dict(sorted(labels)) or ''}": after[name, labels]
        for name, labels in before
        if after[name, labels] != before[name, labels] and name.startswith("stream_") and not name.endswith("_bucket")
        if not name.startswith("stream_memory")
    } == {
        "stream_live_created_total{'content_type': 'markdown'}": 1,
        "stream_live_publish_sockets": 4,
        "stream_live_streams{'state': 'open'}": 3,
        "stream_live_streams{'state': 'stalled'}": 2,
        "stream_live_streams{'state': 'interrupted'}": 1,
        "stream_live_late_readers_total": 1,
        "stream_live_appends_total": 5,
        "stream_live_source_bytes_total": 40,
        "stream_live_commit_seconds_count": 1,
        "stream_live_commit_seconds_sum": 0.25,
        "stream_live_durable_lag_seconds_count": 1,
        "stream_live_durable_lag_seconds_sum": 0.5,
        "stream_live_undurable_bytes": 12,
        "stream_live_time_to_first_chunk_seconds_count": 1,
        "stream_live_time_to_first_chunk_seconds_sum": 0.5,
        "stream_live_producer_changes_total{'change': 'stalled'}": 1,
        "stream_live_producer_changes_total{'change': 'continued'}": 1,
        "stream_live_producer_changes_total{'change': 'lost'}": 1,
        "stream_live_producer_changes_total{'change': 'adopted'}": 1,
        "stream_live_refusals_total{'reason': 'fenced'}": 1,
        "stream_live_chunks_total": 3,
        "stream_live_replacements_total": 1,
        "stream_live_source_to_socket_seconds_count": 3,
        "stream_live_source_to_socket_seconds_sum": 0.375,
        "stream_live_time_per_output_chunk_seconds_count": 2,
        "stream_live_time_per_output_chunk_seconds_sum": 0.125,
        "stream_live_hold_back_seconds_count": 1,
        "stream_live_hold_back_seconds_sum": 0.25,
        "stream_live_definition_wait_seconds_count": 1,
        "stream_live_definition_wait_seconds_sum": 4,
        "stream_live_appends_to_first_chunk_count": 1,
        "stream_live_appends_to_first_chunk_sum": 2,
        "stream_live_readers_awaiting_definition": 2,
        "stream_live_ended_total{'outcome': 'complete'}": 1,
        "stream_live_duration_seconds_count": 1,
        "stream_live_duration_seconds_sum": 30,
        "stream_live_reads_total{'end': 'complete'}": 2,
    }


def test_readers_are_counted_while_they_read(metrics: Metrics) -> None:
    events = list(live_events(SAMPLED, "s", "i", "u"))
    for event in events[:-1]:
        metrics.record(event)
    assert value(metrics, "stream_live_readers", way="unasked") == 0
    assert value(metrics, "stream_live_readers", way="watch") == 1


def test_counted_observations_are_added_to_their_buckets(metrics: Metrics) -> None:
    for _ in range(2):
        metrics.record(measured())
    assert value(metrics, "stream_live_source_to_socket_seconds_bucket", le="0.005") == 2
    assert value(metrics, "stream_live_source_to_socket_seconds_bucket", le="0.25") == 6
    assert value(metrics, "stream_live_readers_awaiting_definition") == 2


@pytest.mark.parametrize("reason", RefusedAppend)
def test_each_refusal_has_a_series(metrics: Metrics, reason: RefusedAppend) -> None:
    metrics.record(AppendRefused(reason))
    assert value(metrics, "stream_live_refusals_total", reason=reason) == 1


def test_exemplars_lead_to_sampled_traces(metrics: Metrics) -> None:
    metrics.record(live_ended(UNSAMPLED, "s", "i", "", LiveOutcome.ERROR))
    assert exemplar_trace_ids(metrics) == {}
    for event in live_events(SAMPLED, "s", "i", "u"):
        metrics.record(event)
    assert exemplar_trace_ids(metrics) == {
        "stream_live_duration_seconds_bucket": SAMPLED.trace_id,
        "stream_live_time_to_first_chunk_seconds_bucket": SAMPLED.trace_id,
    }
