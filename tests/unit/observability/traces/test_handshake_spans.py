"""The spans of handshakes."""

from opentelemetry.trace import StatusCode

from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    ConnectionAttempted,
    FaultRaised,
    FaultSource,
    Outcome,
)
from tests.unit.observability.traces.recording import CANARY, SAMPLED, Recording, times


def test_a_handshake_that_a_stream_links_to_is_exported_once_regardless_of_sampling() -> None:
    recording = Recording(handshakes=False)
    recording.connect()
    assert recording.spans == []
    for _ in range(2):
        recording.wait(1000)
        recording.admit(SAMPLED)
        recording.start(SAMPLED)
        recording.end(SAMPLED, Outcome.COMPLETED)
    [handshake] = [span for span in recording.spans if span.name == "ws.connect"]
    assert times(handshake) == (-3, 0)
    assert [span.links[0].context for span in recording.spans if span.name == "stream"] == [handshake.context] * 2


def test_refused_handshakes_are_sampled_and_failed_ones_always_exported() -> None:
    for handshakes in (False, True):
        recording = Recording(handshakes=handshakes)
        recording.record(ConnectionAttempted(AttemptOutcome.REFUSED_SESSION, seconds=0.001))
        recording.record(ConnectionAttempted(AttemptOutcome.ERROR, "s1", 0.002))
        emitted = [(span.attributes or {}, span.status.status_code, times(span)) for span in recording.spans]
        refused = ({"connection.outcome": "refused_session"}, StatusCode.UNSET, (-1, 0))
        failed = ({"connection.outcome": "error", "session.id": "s1"}, StatusCode.ERROR, (-2, 0))
        assert emitted == ([refused, failed] if handshakes else [failed])
        assert len(recording.queried[0]) == 32


def test_events_of_a_connection_without_a_stream_create_no_span() -> None:
    recording = Recording(handshakes=True)
    recording.connect()
    recording.record(BackpressureApplied("c1", "s1", "", None))
    recording.record(BackpressureReleased("c1", "s1", "", None, 0.1))
    recording.record(FaultRaised("e1", FaultSource.ADMISSION, ValueError(CANARY), "c1", "s1"))
    assert [span.name for span in recording.spans] == ["ws.connect"]
