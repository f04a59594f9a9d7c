"""The spans of handshakes."""

from opentelemetry.trace import StatusCode, format_span_id, format_trace_id

from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    ConnectionAttempted,
    ConnectionOpened,
    FaultRaised,
    FaultSource,
    Outcome,
)
from service.protocol.trace import TraceContext
from tests.unit.observability.traces.recording import CANARY, SAMPLED, Recording, context, times


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
        recording.record(ConnectionAttempted(AttemptOutcome.ERROR, "s1", 0.002, exception=ValueError(CANARY)))
        emitted = [(span.attributes or {}, span.status.status_code, times(span)) for span in recording.spans]
        network = {"network.protocol.name": "websocket", "network.transport": "tcp"}
        refused = ({"connection.outcome": "refused_session", **network}, StatusCode.UNSET, (-1, 0))
        failure = {"connection.outcome": "error", "session.id": "s1", "error.type": "ValueError"}
        failed = (failure | network, StatusCode.ERROR, (-2, 0))
        assert emitted == ([refused, failed] if handshakes else [failed])
        assert len(recording.queried[0]) == 32


def test_a_reader_by_events_that_is_refused_has_the_span_of_its_request_only() -> None:
    recording = Recording(handshakes=True)
    recording.record(ConnectionAttempted(AttemptOutcome.REFUSED_ADDRESS, is_handshake=False))
    assert not recording.spans


def test_a_handshake_links_to_the_span_of_its_client_which_does_not_decide_on_its_export() -> None:
    client = TraceContext("ab" * 16, "cd" * 8, sampled=True, tracestate="editor=1")
    for handshakes in (False, True):
        recording = Recording(handshakes=handshakes)
        recording.record(ConnectionAttempted(AttemptOutcome.ACCEPTED, "s1", 0.003, client))
        recording.record(ConnectionOpened("c1", "s1", 0))
        recording.record(ConnectionAttempted(AttemptOutcome.REFUSED_ORIGIN, "s2", 0.001, client))
        assert [span.name for span in recording.spans] == ["ws.connect"] * 2 * handshakes
        for span in recording.spans:
            [link] = span.links
            linked = format_trace_id(link.context.trace_id), format_span_id(link.context.span_id)
            assert linked == ("ab" * 16, "cd" * 8)
            assert (link.context.is_remote, link.context.trace_state.to_header()) == (True, "editor=1")
            assert context(span)[0] != "ab" * 16
            assert span.parent is None


def test_events_of_a_connection_without_a_stream_create_no_span() -> None:
    recording = Recording(handshakes=True)
    recording.connect()
    recording.record(BackpressureApplied("c1", "s1", "", None))
    recording.record(BackpressureReleased("c1", "s1", "", None, 0.1))
    recording.record(FaultRaised("e1", FaultSource.ADMISSION, ValueError(CANARY), "c1", "s1"))
    assert [span.name for span in recording.spans] == ["ws.connect"]
