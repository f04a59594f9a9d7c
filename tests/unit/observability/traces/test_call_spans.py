"""The client spans of calls of data systems."""

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from service.events import (
    CloseReason,
    ConnectionClosed,
    DataSystem,
    DependencyCalled,
    Operation,
    Outcome,
    RecoveryRefused,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import RefusalReason
from service.protocol.trace import Trace
from tests.unit.observability.traces.recording import SAMPLED, SECOND, UNSAMPLED, Recording, called
from tests.unit.observability.traces.recording import times as exact_times

OTHER = Trace("ef" * 16, "ab" * 8, sampled=True)


def calls(recording: Recording) -> list[ReadableSpan]:
    return [span for span in recording.spans if span.kind is SpanKind.CLIENT]


def times(span: ReadableSpan) -> tuple[float, float]:
    """To the microsecond: the time of a call is a number of seconds since the epoch."""
    start, end = exact_times(span)
    return round(start, 3), round(end, 3)


def test_the_calls_of_a_stream_are_its_children_at_recorded_times() -> None:
    recording = Recording()
    recording.connect()
    recording.connect("c2")
    recording.wait(50)
    recording.record(called(Operation.ADMIT, 48, trace=SAMPLED))
    recording.record(called(Operation.ADMIT, 49, trace=OTHER))
    recording.record(called(Operation.ADMIT, 49, trace=Trace("ef" * 16, "cd" * 8, sampled=True), connection_id="c2"))
    recording.admit(SAMPLED)
    recording.record(called(Operation.PUT, 60, trace=SAMPLED, error_type="NoAnswer"))
    recording.wait(100)
    recording.end(SAMPLED, Outcome.COMPLETED)
    admit, put = calls(recording)
    stream = recording.named["stream"]
    assert stream.context is not None
    assert (admit.parent, put.parent) == (stream.context, stream.context)
    assert (times(admit), times(put)) == ((48, 50), (60, 62))
    of_redis = {
        "db.system.name": "redis",
        "db.namespace": "0",
        "server.address": "redis.internal",
        "server.port": 6379,
    }
    assert (admit.name, admit.attributes) == ("admit 0", of_redis | {"db.operation.name": "admit"})
    assert admit.status.status_code is StatusCode.UNSET
    assert (put.name, put.attributes) == (
        "put 0",
        of_redis | {"db.operation.name": "put", "error.type": "NoAnswer"},
    )
    assert put.status.status_code is StatusCode.ERROR


def test_the_calls_of_a_stream_that_is_not_sampled_are_exported_if_it_fails() -> None:
    for outcome, exported in ((Outcome.COMPLETED, []), (Outcome.ERROR, ["admit"])):
        recording = Recording()
        recording.connect()
        recording.wait(50)
        recording.record(called(Operation.ADMIT, 48, trace=UNSAMPLED, system=DataSystem.SQLITE))
        recording.admit(UNSAMPLED)
        recording.end(UNSAMPLED, outcome, ErrorCode.PROCESSING_ERROR)
        assert [span.name for span in calls(recording)] == exported


def test_the_calls_before_a_recovery_belong_to_it() -> None:
    recording = Recording()
    recording.connect("c2")
    recording.connect("c3")
    recording.wait(20)
    recording.record(called(Operation.GET, 1, connection_id="c2"))
    recording.record(called(Operation.ACQUIRE, 4, connection_id="c2"))
    recording.record(called(Operation.GET, 5, connection_id="c3"))
    recording.recover(SECOND)
    recording.end(SECOND, Outcome.COMPLETED)
    assert [span.name for span in calls(recording)] == ["get 0", "acquire 0"]
    assert all(span.parent == recording.named["stream"].context for span in calls(recording))


def test_the_failed_call_of_a_refused_recovery_is_exported_and_belongs_to_no_later_stream() -> None:
    recording = Recording()
    recording.connect()
    recording.record(called(Operation.JOIN, 1))
    recording.record(called(Operation.GET, 2, error_type="NoAnswer"))
    recording.record(RecoveryRefused("c1", "s1", "st0", RefusalReason.UNAVAILABLE))
    recording.wait(50)
    recording.admit(SAMPLED)
    recording.end(SAMPLED, Outcome.COMPLETED)
    [failed] = calls(recording)
    assert (failed.name, failed.parent, times(failed)) == ("get 0", None, (2, 4))


def test_the_call_of_a_handshake_is_its_child() -> None:
    recording = Recording(handshakes=True)
    recording.record(called(Operation.OPEN, -2, connection_id="", session_id="another"))
    recording.record(called(Operation.OPEN, -2.9, connection_id=""))
    recording.connect()
    recording.connect("c2")
    [opened] = calls(recording)
    assert opened.parent == recording.spans[0].context
    assert (recording.spans[0].name, times(opened)) == ("ws.connect", (-2.9, -0.9))


def test_only_the_last_calls_of_an_open_connection_are_kept() -> None:
    recording = Recording()
    recording.connect()
    for number in range(20):
        recording.record(called(Operation.GET, 97 + number / 10))
    recording.wait(100)
    recording.admit(SAMPLED)
    recording.end(SAMPLED, Outcome.COMPLETED)
    assert [times(span)[0] for span in calls(recording)] == [97 + number / 10 for number in range(4, 20)]
    recording.record(called(Operation.GET, 99))
    recording.record(ConnectionClosed("c1", "s1", CloseReason.CLIENT, 1000, 1.0, 1))
    recording.record(called(Operation.PUT, 99, trace=SAMPLED))
    recording.record(called(Operation.PUT, 99, trace=SAMPLED, error_type="NoAnswer"))
    recording.connect()
    recording.admit(SAMPLED)
    recording.end(SAMPLED, Outcome.COMPLETED)
    [*_, late] = calls(recording)
    assert (len(calls(recording)), late.name, late.parent) == (17, "put 0", None)


def called_alone(operation: Operation, system: DataSystem, error_type: str = "") -> DependencyCalled:
    return called(operation, 1, connection_id="", session_id="", system=system, error_type=error_type)


def test_of_other_calls_those_of_postgresql_are_sampled_and_failed_ones_always_exported() -> None:
    for sampled in (False, True):
        recording = Recording(handshakes=sampled)
        recording.record(called_alone(Operation.RENEW_LEASES, DataSystem.REDIS))
        recording.record(called_alone(Operation.RENEW_LEASES, DataSystem.REDIS, "NoAnswer"))
        recording.record(called_alone(Operation.INSERT, DataSystem.POSTGRESQL))
        recording.record(called_alone(Operation.DELETE, DataSystem.POSTGRESQL, "Lost"))
        names = [span.name for span in calls(recording)]
        assert names == ["renew_leases 0", "insert", "delete"] if sampled else ["renew_leases 0", "delete"]
        assert all(span.parent is None for span in calls(recording))
