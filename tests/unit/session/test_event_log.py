"""The events of a connection, for metrics, logs and traces."""

import pytest

from service.content import Stage, StageTime
from service.events import (
    BackpressureApplied,
    BackpressureReleased,
    ConnectionClosed,
    ErrorSent,
    FirstChunkSent,
    MessageReceived,
    RequestAdmitted,
    StreamEnded,
    StreamPauseChanged,
    StreamSkipRequested,
    StreamStarted,
)
from service.protocol.errors import ContentTooCostly, ProcessingFailed, StreamingError
from service.protocol.messages import ClientMessageType
from service.protocol.trace import Trace, TraceContext, parse_trace_context
from service.session.effects import (
    AdmissionDecided,
    Admit,
    EffectFailed,
    PlanPrepared,
    Prepare,
)
from service.session.ports import Preparation
from service.session.records import Admission
from tests.unit.session.conversation import TRACE, Conversation, at, plan_of

STAGES = (StageTime(Stage.ANALYSE, 0.0, 0.001), StageTime(Stage.CHUNK, 0.001, 0.003))


def test_the_times_of_a_request_add_up_from_its_arrival_to_its_first_chunk() -> None:
    conversation = Conversation()
    conversation.stream("a ", "b")
    conversation.request("two words")  # at 0 s; it waits for the first
    [admit] = conversation.pending(Admit)
    conversation.effects.clear()
    conversation.now = 0.01
    admission = Admission(admitted=True, requests_used=2)
    conversation.resolve(AdmissionDecided(admit.ticket, admission, "stream-2", TRACE, called_at=0.004))
    conversation.sleep_until(1.0)  # the first stream ends with its second chunk, at 0.03 s
    [prepare] = conversation.pending(Prepare)
    preparation = Preparation(plan_of(["two ", "words"]), 0.5, STAGES)
    conversation.resolve(PlanPrepared(prepare.ticket, preparation))
    admitted = conversation.event(RequestAdmitted)[1]
    started = conversation.event(StreamStarted)[1]
    first = conversation.event(FirstChunkSent)[1]
    times = admitted.times
    assert (times.received.seconds, times.called, times.admitted, times.dequeued) == (0.0, 0.004, 0.01, None)
    times = started.times
    assert (times.dequeued, times.prepared, times.started) == (pytest.approx(0.03), 1.0, 1.0)
    assert times.queued_seconds == pytest.approx(0.03 - 0.01)
    assert (started.processing_seconds, started.stages) == (0.5, STAGES)
    assert first.seconds == pytest.approx(1.0 - 0.02), "without the wait for the first stream"


def test_the_time_to_the_first_chunk_excludes_pauses() -> None:
    conversation = Conversation()
    conversation.request("two words")
    [admit] = conversation.pending(Admit)
    conversation.decide(admit)
    conversation.control("pause")
    [prepare] = conversation.pending(Prepare)
    conversation.now = 0.5
    conversation.prepare(prepare, plan_of(["two ", "words"]))
    conversation.now = 7.5
    conversation.control("resume")
    conversation.tick()
    [first] = conversation.event(FirstChunkSent)
    assert first.seconds == pytest.approx(0.5)


def test_every_event_of_a_stream_has_its_trace_which_continues_that_of_the_client() -> None:
    conversation = Conversation()
    conversation.request("words", trace={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "k=v"})
    [admit] = conversation.pending(Admit)
    parent = parse_trace_context(admit.request.trace)
    assert parent == TraceContext("a" * 32, "b" * 16, sampled=True, tracestate="k=v")
    trace = Trace("a" * 32, "c" * 16, sampled=False, parent=parent)
    conversation.effects.clear()
    admission = Admission(admitted=True, requests_used=1)
    conversation.resolve(AdmissionDecided(admit.ticket, admission, "stream-1", trace, called_at=0.0))
    [prepare] = conversation.pending(Prepare)
    assert (prepare.stream_id, prepare.trace) == ("stream-1", trace)
    conversation.run_effects()
    conversation.sleep_until(1.0)
    for kind in (RequestAdmitted, StreamStarted, FirstChunkSent, StreamEnded):
        assert [event.trace for event in conversation.event(kind)] == [trace]
    assert conversation.all("stream_start")[0]["trace_id"] == "a" * 32


@pytest.mark.parametrize(
    ("data", "type_", "size_bytes"),
    [
        ('{"type": "ping"}', ClientMessageType.PING, 16),
        ('{"type": "stream_request", "content": "é"}', ClientMessageType.STREAM_REQUEST, 43),
        ('{"type": "stream_control", "action": "dance"}', ClientMessageType.STREAM_CONTROL, 45),
        ('{"type": "stream_request", "content": 1}', ClientMessageType.STREAM_REQUEST, 40),
        ('{"type": "dance"}', None, 17),
        ("nonsense", None, 8),
        ('"\ud800"', None, 3),
        (b"\x00\x01", None, 2),
    ],
)
def test_every_message_is_recorded_with_its_type_and_size_also_an_invalid_one(
    data: str | bytes, type_: ClientMessageType | None, size_bytes: int
) -> None:
    conversation = Conversation()
    conversation.receive(data)
    assert conversation.event(MessageReceived) == [MessageReceived(type_, size_bytes)]


def test_the_time_of_backpressure_is_recorded_at_its_end() -> None:
    conversation = Conversation()
    conversation.stream("a ", "b ", "c")
    conversation.now = 1.0
    conversation.set_blocked(True)
    conversation.now = 2.0
    conversation.machine.progress(at(2.0))
    conversation.now = 3.5
    conversation.set_blocked(False)
    conversation.set_blocked(False)
    assert conversation.event(BackpressureApplied) == [BackpressureApplied("c-1", "s-1", "stream-1", TRACE)]
    assert conversation.event(BackpressureReleased) == [BackpressureReleased("c-1", "s-1", "stream-1", TRACE, 2.5)]


def test_a_disconnect_ends_backpressure() -> None:
    conversation = Conversation()
    conversation.stream("a ", "b ", "c")
    conversation.set_blocked(True)
    conversation.now = 1.0
    conversation.execute(conversation.machine.disconnect(1006, None, at(1.0)))
    kinds = [type(event) for event in conversation.events[-3:]]
    assert kinds == [BackpressureReleased, StreamEnded, ConnectionClosed]


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(50, "STREAM_ERROR"), (3600, "SESSION_TIMEOUT"), (400, "IDLE_TIMEOUT")],
    ids=["slow client", "session", "idle"],
)
def test_the_error_of_a_deadline_is_recorded_with_the_stream_that_it_ends(seconds: float, code: str) -> None:
    conversation = Conversation()
    conversation.stream("a ", "b ", "c")
    if code == "STREAM_ERROR":
        conversation.set_blocked(True)
    else:
        conversation.control("pause")
    conversation.now = seconds
    conversation.tick()
    [sent] = conversation.event(ErrorSent)
    assert (sent.code, sent.stream_id, sent.trace) == (code, "stream-1", TRACE)
    assert "stream_id" not in conversation.all("error")[0], "to the client it is about the connection"


@pytest.mark.parametrize(
    ("error", "fault"), [(ProcessingFailed("It broke."), True), (ContentTooCostly("Too much."), False)]
)
def test_a_failed_preparation_is_recorded_with_its_time_and_whose_fault_it_is(
    error: StreamingError, *, fault: bool
) -> None:
    conversation = Conversation()
    conversation.request("words")
    [admit] = conversation.pending(Admit)
    conversation.decide(admit)
    [prepare] = conversation.pending(Prepare)
    conversation.now = 0.3
    conversation.resolve(EffectFailed(prepare.ticket, error, 0.25, STAGES))
    [ended] = conversation.event(StreamEnded)
    assert (ended.times.started, ended.processing_seconds, ended.stages) == (None, 0.25, STAGES)
    [sent] = conversation.event(ErrorSent)
    assert (sent.code, sent.fault, sent.stream_id, sent.trace) == ("PROCESSING_ERROR", fault, "stream-1", TRACE)


def test_pause_and_skip_are_recorded_in_their_order() -> None:
    conversation = Conversation()
    conversation.stream("a ", "b ", "c")
    for action in ("pause", "pause", "skip", "skip"):
        conversation.control(action)
    recorded = [event for event in conversation.events if isinstance(event, StreamPauseChanged | StreamSkipRequested)]
    assert recorded == [
        StreamPauseChanged("s-1", "stream-1", TRACE, paused=True),
        StreamPauseChanged("s-1", "stream-1", TRACE, paused=False),
        StreamSkipRequested("s-1", "stream-1", TRACE),
    ]
