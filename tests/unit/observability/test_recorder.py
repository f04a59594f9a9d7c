"""The recorder: every event reaches every sink, also when one fails."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from observability.metrics.metrics_sink import Metrics
from observability.recorder import FanOut, Sink
from service.events import ConnectionOpened, Event, LoopLagMeasured
from service.settings import Settings


class CollectingSink:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)


class TraceSink:
    """Fails, with the name of a sink of the service."""

    def record(self, event: Event) -> None:
        raise RuntimeError(event)


class Unknown(TraceSink):
    """Fails, with a name that is no label value."""


def test_every_event_reaches_every_sink_in_order() -> None:
    first, second = CollectingSink(), CollectingSink()
    failed: list[Sink] = []
    recorder = FanOut([first, second], on_failure=lambda sink, _exception: failed.append(sink))
    events: list[Event] = [ConnectionOpened("c", "s", 0), LoopLagMeasured(0.001)]
    for event in events:
        recorder.record(event)
    assert first.events == second.events == events
    assert not failed


def test_a_sink_that_is_added_later_receives_later_events() -> None:
    first, later = CollectingSink(), CollectingSink()
    recorder = FanOut([first], on_failure=lambda _sink, exception: pytest.fail(str(exception)))
    before, after = ConnectionOpened("c", "s", 0), ConnectionOpened("d", "s", 0)
    recorder.record(before)
    recorder.add(later)
    recorder.record(after)
    assert (first.events, later.events) == ([before, after], [after])


def test_a_failed_sink_is_counted_and_the_others_receive_the_event() -> None:
    metrics, listening = Metrics(Settings()), CollectingSink()
    sinks: list[Sink] = [TraceSink(), Unknown(), metrics, listening]
    FanOut(sinks, on_failure=lambda sink, _exception: metrics.count_sink_failure(sink)).record(
        ConnectionOpened("c", "s", 0)
    )
    body, _ = metrics.exposition("")
    counted = {
        (sample.name, sample.labels.get("sink")): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert counted["stream_connections_active", None] == 1
    assert counted["stream_telemetry_errors_total", "TraceSink"] == 1
    assert counted["stream_telemetry_errors_total", "other"] == 1
    assert counted["stream_telemetry_errors_total", "Metrics"] == 0
    assert len(listening.events) == 1
