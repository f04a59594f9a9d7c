"""The session machine: one conversation at a time, as a client and an operator see it."""

import pytest
from msgspec.structs import replace

from service.content import Stage
from service.content.removal import Removal
from service.events import (
    BackpressureApplied,
    CloseReason,
    ConnectionClosed,
    ErrorSent,
    FallbackUsed,
    FirstChunkSent,
    Outcome,
    RateLimitApproached,
    RateLimitHit,
    RequestRejected,
    StreamEnded,
)
from service.protocol.errors import ChunkingFailed, EmptyContent, ErrorCode, InternalError, ProcessingFailed
from service.protocol.limits import QUEUE_LENGTH, Limits
from service.protocol.messages import GAP_SECONDS, Speed
from service.session.effects import Admit, Prepare
from tests.unit.session.conversation import Conversation, at, plan_of


def outcomes(conversation: Conversation) -> list[Outcome]:
    return [event.outcome for event in conversation.event(StreamEnded)]


def close_code(conversation: Conversation) -> int | None:
    return conversation.close.code if conversation.close else None


# Greeting


def test_the_greeting_says_the_limits_in_force_and_what_is_left_of_them() -> None:
    limits = Limits(max_requests=7, idle_timeout_seconds=0.5, max_session_seconds=60)
    conversation = Conversation(limits, requests_used=3, seconds_left=30)
    assert conversation.last() == {
        "type": "connected",
        "session_id": "s-1",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "limits": {
            "max_requests": 7,
            "max_content_size": 100_000,
            "max_session_duration": 60,
            "idle_timeout": 0.5,
            "chunk_timeout": 5,
            "max_chunk_size": 1000,
        },
        "version": "2.4.1",
        "requests_left": 4,
        "session_expires_at": "2023-11-14T22:13:50.000Z",
    }


def test_ping_and_heartbeat_are_answered_at_once_also_in_the_middle_of_a_stream() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", "c")
    assert conversation.send(type="ping") == [{"type": "pong", "timestamp": "2023-11-14T22:13:20.000Z"}]
    assert conversation.send(type="heartbeat") == [
        {"type": "heartbeat_ack", "timestamp": "2023-11-14T22:13:20.000Z", "session_id": "s-1"}
    ]


# A stream


def test_a_stream_starts_paces_its_chunks_and_completes() -> None:
    conversation = Conversation()
    conversation.stream("one ", "twö ", "three", content="one twö three", request_id="r-1")
    conversation.sleep_until(10)
    start, *chunks, complete = conversation.sent[1:]
    assert start == (
        0.0,
        {
            "type": "stream_start",
            "total_chunks": 3,
            "content_type": "text",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "stream_id": "stream-1",
            "trace_id": "f" * 32,
            "resumable": False,
            "metadata": {
                "complexity": "low",
                "word_count": 3,
                "has_html": False,
                "speed_used": "superfast",
                "processing_time_ms": 2.0,
                "avg_chunk_size": 4.3,
                "max_chunk_size": 5,
                "chunk_count": 3,
                "estimated_duration_ms": 60,
            },
            "request_id": "r-1",
        },
    )
    assert [(when, message["data"], message["index"]) for when, message in chunks] == [
        (0.0, "one ", 0),
        (pytest.approx(0.03), "twö ", 1),
        (pytest.approx(0.06), "three", 2),
    ]
    assert complete[1] == {
        "type": "stream_complete",
        "total_chunks": 3,
        "session_id": "s-1",
        "timestamp": chunks[-1][1]["timestamp"],
        "stream_id": "stream-1",
        "metadata": {"duration_ms": 60, "bytes": 14, "skipped": False},
        "request_id": "r-1",
    }
    assert outcomes(conversation) == [Outcome.COMPLETED]


@pytest.mark.parametrize(
    ("speed", "gap"), [(Speed.SLOW, 0.3), (Speed.NORMAL, 0.1), (Speed.FAST, 0.05), (Speed.SUPERFAST, 0.03)]
)
def test_the_gaps_of_the_speeds(speed: Speed, gap: float) -> None:
    assert GAP_SECONDS[speed] == gap
    conversation = Conversation()
    conversation.stream("a", "b", speed=speed)
    assert conversation.wake_at == pytest.approx(gap)


def test_one_stream_runs_at_a_time_and_the_others_wait_in_order() -> None:
    conversation = Conversation()
    for name in ("a", "b", "c"):
        conversation.request(f"{name}1 {name}2", request_id=name)
    for end in (0.03, 0.06, 0.09):
        conversation.run_effects()
        assert conversation.types()[-2:] == ["stream_start", "chunk"]
        conversation.sleep_until(end)
        assert conversation.types()[-2:] == ["chunk", "stream_complete"]
    assert [message["request_id"] for message in conversation.all("stream_complete")] == ["a", "b", "c"]


def test_time_to_first_chunk_counts_from_the_moment_the_request_leaves_the_queue() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", speed=Speed.SLOW)
    conversation.request("second")
    conversation.run_effects()
    conversation.sleep_until(0.3)
    [prepare] = conversation.pending(Prepare)
    conversation.now = 0.5
    conversation.prepare(prepare, plan_of(["x"]))
    assert [event.seconds for event in conversation.event(FirstChunkSent)] == [0.0, pytest.approx(0.2)]


# Controls


def test_pause_holds_the_stream_and_resume_goes_on_where_it_was() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    assert conversation.control("pause")[0]["type"] == "stream_paused"
    assert conversation.control("pause")[0]["type"] == "stream_paused", "a repeated pause is acknowledged again"
    conversation.sleep_until(100)
    assert len(conversation.all("chunk")) == 1
    assert conversation.control("resume")[0]["type"] == "stream_resumed"
    conversation.sleep_until(100.031)
    assert conversation.types()[-2:] == ["chunk", "stream_complete"]
    [ended] = conversation.event(StreamEnded)
    assert ended.paused_seconds == pytest.approx(100)


def test_skip_sends_the_rest_at_once_as_few_chunks_and_completes() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", "c", "d")
    messages = conversation.control("skip")
    assert [message["type"] for message in messages] == ["stream_skipped", "chunk", "stream_complete"]
    assert (messages[1]["data"], messages[1]["index"]) == ("bcd", 1)
    assert messages[2]["total_chunks"] == 2
    assert messages[2]["metadata"]["skipped"]
    assert outcomes(conversation) == [Outcome.SKIPPED]


def test_only_incremental_chunks_say_what_closes_and_merged_ones_what_closes_the_last_of_them() -> None:
    conversation = Conversation()
    chunks, closes = ["<p>a ", "<b>b ", "c</b></p>", "<p>d</p>"], ["</p>", "</b></p>", "", ""]
    conversation.request("<p>a <b>b c</b></p><p>d</p>", content_type="html", html_mode="incremental")
    conversation.run_effects(plan_of(chunks, closes=closes, max_chunk_characters=16))
    conversation.control("skip")
    assert [(chunk["data"], chunk["close"]) for chunk in conversation.all("chunk")] == [
        ("<p>a ", "</p>"),
        ("<b>b c</b></p>", ""),
        ("<p>d</p>", ""),
    ]
    conversation.stream("<p>a</p>")
    assert set(conversation.all("chunk")[-1]) == {"type", "data", "index", "timestamp"}


def test_skip_of_a_paused_stream_resumes_it_first_so_that_no_chunk_follows_a_pause() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", "c")
    conversation.control("pause")
    types = [message["type"] for message in conversation.control("skip")]
    assert types == ["stream_skipped", "stream_resumed", "chunk", "stream_complete"]


def test_cancel_ends_the_stream_at_once_and_the_next_request_starts() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.request("next", request_id="n")
    conversation.run_effects()
    assert [message["type"] for message in conversation.control("cancel")] == ["stream_cancelled"]
    conversation.run_effects()
    assert conversation.last()["request_id"] == "n"
    assert outcomes(conversation) == [Outcome.CANCELLED, Outcome.COMPLETED]


@pytest.mark.parametrize("effect", [Admit, Prepare])
def test_controls_act_on_a_request_that_is_still_processing(effect: type[Admit | Prepare]) -> None:
    conversation = Conversation()
    conversation.request("content")
    if effect is Prepare:
        conversation.decide(conversation.effects[0])  # type: ignore[arg-type]  # the first effect is an Admit
    conversation.control("pause")
    conversation.run_effects(plan_of(["a", "b"]))
    conversation.sleep_until(1)
    assert conversation.types()[1:] == ["stream_paused", "stream_start"]
    conversation.control("resume")
    conversation.sleep_until(2)
    assert conversation.types()[-3:] == ["chunk", "chunk", "stream_complete"]


def test_a_skip_while_processing_merges_everything() -> None:
    conversation = Conversation()
    conversation.request("content")
    conversation.control("skip")
    conversation.run_effects(plan_of(["a", "b"]))
    assert conversation.types()[1:] == ["stream_skipped", "stream_start", "chunk", "stream_complete"]
    assert conversation.all("chunk")[0]["data"] == "ab"


def test_the_result_of_a_cancelled_request_is_thrown_away() -> None:
    conversation = Conversation()
    conversation.request("content")
    conversation.control("cancel")
    conversation.run_effects()
    assert conversation.types()[1:] == ["stream_cancelled"]


@pytest.mark.parametrize("action", ["pause", "resume", "skip", "cancel"])
def test_a_control_without_a_stream_is_an_error_and_the_socket_lives(action: str) -> None:
    conversation = Conversation()
    [error] = conversation.control(action)
    assert (error["code"], error["fatal"]) == ("NO_ACTIVE_STREAM", False)
    assert conversation.send(type="ping")


# Admission


def test_a_bad_message_gets_its_error_and_the_running_stream_is_not_disturbed() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    [error] = conversation.receive("nonsense")
    assert (error["code"], error["fatal"]) == ("INVALID_MESSAGE", False)
    conversation.sleep_until(1)
    assert outcomes(conversation) == [Outcome.COMPLETED]


def test_content_may_be_exactly_as_large_as_the_limit_in_utf8() -> None:
    conversation = Conversation(Limits(max_content_bytes=4))
    assert conversation.request("ääx")[0]["code"] == "CONTENT_TOO_LARGE"
    assert conversation.request("ää") == []
    assert conversation.request("abcd") == []
    assert conversation.request("abcde", request_id="r")[0]["request_id"] == "r"


@pytest.mark.parametrize("content", ["", " ", "\n\t ", "\u00a0\u2003"])
def test_empty_content_is_refused_before_it_counts(content: str) -> None:
    conversation = Conversation()
    assert conversation.request(content)[0]["code"] == "EMPTY_CONTENT"
    assert not conversation.effects


def test_the_queue_holds_ten_behind_the_one_in_progress() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    for _ in range(QUEUE_LENGTH):
        assert conversation.request() == []
    [error] = conversation.request(request_id="late")
    assert (error["code"], error["retryable"], error["request_id"]) == ("QUEUE_FULL", True, "late")
    conversation.run_effects()
    conversation.sleep_until(0.03)
    assert conversation.request() == [], "one has left, so one may come"


def test_the_request_limit_is_exact_warned_of_at_eighty_percent_and_refused_requests_do_not_count() -> None:
    conversation = Conversation(Limits(max_requests=5))
    for number in range(1, 8):
        conversation.request(f"w{number}")
        conversation.run_effects()
    assert len(conversation.all("stream_complete")) == 5
    assert [error["code"] for error in conversation.all("error")] == ["RATE_LIMIT_EXCEEDED"] * 2
    assert [event.used for event in conversation.event(RateLimitApproached)] == [4]
    assert len(conversation.event(RateLimitHit)) == len(conversation.event(RequestRejected)) == 2
    assert conversation.send(type="ping")


def test_a_request_refused_from_the_middle_of_the_line_lets_the_others_by() -> None:
    conversation = Conversation(Limits(max_requests=1))
    conversation.request("a", request_id="a")
    conversation.request("b", request_id="b")
    conversation.run_effects()
    assert conversation.all("error")[0]["request_id"] == "b"
    assert conversation.all("stream_complete")[0]["request_id"] == "a"


# Failure


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(EmptyContent("Nothing is left."), Outcome.REJECTED), (ProcessingFailed("It broke."), Outcome.ERROR)],
)
def test_content_work_that_fails_ends_its_request_with_one_error_and_the_next_begins(
    error: EmptyContent | ProcessingFailed, outcome: Outcome
) -> None:
    conversation = Conversation()
    conversation.request("a", request_id="a")
    conversation.run_effects(error)
    message = conversation.last()
    assert (message["code"], message["stream_id"], message["request_id"]) == (error.code, "stream-1", "a")
    conversation.request("b")
    conversation.run_effects()
    assert outcomes(conversation) == [outcome, Outcome.COMPLETED]


@pytest.mark.parametrize(
    ("sign", "stage"),
    [
        ({"failure": ChunkingFailed("It broke.")}, Stage.CHUNK),
        ({"removed": {Removal.MARKUP: 1}}, Stage.SANITISE),
        ({"removed": {Removal.COMMENT: 1}}, None),
    ],
)
def test_a_plan_that_is_a_fallback_is_streamed_and_told(sign: dict[str, object], stage: Stage | None) -> None:
    conversation = Conversation()
    conversation.request("some words")
    conversation.run_effects(replace(plan_of(["some words"]), **sign))
    assert outcomes(conversation) == [Outcome.COMPLETED]
    told = [(event.stream_id, event.stage) for event in conversation.event(FallbackUsed)]
    assert told == ([] if stage is None else [("stream-1", stage)])


def test_a_fault_ends_everything_with_internal_error_and_1011() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.execute(conversation.machine.fail(InternalError("Report id 7."), at(0.0)))
    assert (conversation.last()["code"], conversation.last()["fatal"], close_code(conversation)) == (
        "INTERNAL_ERROR",
        True,
        1011,
    )
    assert outcomes(conversation) == [Outcome.ERROR]


# Time


def test_the_session_ends_at_its_deadline_also_in_the_middle_of_a_stream() -> None:
    conversation = Conversation(seconds_left=0.1)
    conversation.stream(*"abcdefgh")
    conversation.request("waiting")
    conversation.run_effects()
    conversation.sleep_until(0.0999)
    assert conversation.close is None
    conversation.sleep_until(0.1)
    assert (conversation.last()["code"], conversation.last()["fatal"]) == ("SESSION_TIMEOUT", True)
    assert close_code(conversation) == 4010
    assert outcomes(conversation) == [Outcome.TIMEOUT] * 2
    assert conversation.send(type="ping") == [], "nothing is said after the end"


def test_a_message_at_the_very_deadline_comes_too_late() -> None:
    conversation = Conversation(seconds_left=5)
    conversation.now = 5.0
    [error] = conversation.request()
    assert error["code"] == "SESSION_TIMEOUT"
    assert not conversation.effects


def test_idle_time_runs_from_accept_from_the_last_message_and_from_the_end_of_the_last_stream() -> None:
    limits = Limits(idle_timeout_seconds=10)
    from_accept = Conversation(limits)
    assert from_accept.wake_at == 10.0
    from_accept.now = 9.0
    from_accept.receive("not even JSON")
    assert from_accept.wake_at == 19.0
    from_accept.sleep_until(19.0)
    assert (from_accept.last()["code"], close_code(from_accept)) == ("IDLE_TIMEOUT", 4111)

    from_stream = Conversation(limits)
    from_stream.stream(*(f"{k}" for k in range(101)), speed=Speed.SLOW)
    from_stream.sleep_until(30.5)
    assert outcomes(from_stream) == [Outcome.COMPLETED], "a running stream holds the idle timeout off"
    assert from_stream.wake_at == pytest.approx(40.0)


def test_a_paused_stream_does_not_stop_idle_time() -> None:
    conversation = Conversation(Limits(idle_timeout_seconds=10))
    conversation.stream("a", "b")
    conversation.control("pause")
    conversation.sleep_until(10.0)
    assert close_code(conversation) == 4111
    assert outcomes(conversation) == [Outcome.TIMEOUT]


# A client that does not read


def test_no_chunk_is_made_for_a_blocked_socket_and_the_stream_shifts_instead_of_bursting() -> None:
    conversation = Conversation()
    conversation.stream(*"abcdefghij")
    conversation.set_blocked(True)
    conversation.sleep_until(4.0)
    assert len(conversation.all("chunk")) == 1
    conversation.set_blocked(False)
    assert len(conversation.all("chunk")) == 2
    assert len(conversation.event(BackpressureApplied)) == 1
    conversation.sleep_until(10)
    assert outcomes(conversation) == [Outcome.COMPLETED]


def test_a_client_that_takes_nothing_for_the_chunk_timeout_is_cut() -> None:
    conversation = Conversation(Limits(chunk_timeout_seconds=5))
    conversation.stream("a", "b")
    conversation.set_blocked(True)
    conversation.sleep_until(4.999)
    assert conversation.close is None
    conversation.sleep_until(5.0)
    assert conversation.close is not None
    assert (conversation.close.code, conversation.close.abort) == (4102, True)
    assert outcomes(conversation) == [Outcome.DISCONNECTED]


def test_a_client_that_takes_something_now_and_then_is_not_cut() -> None:
    conversation = Conversation(Limits(chunk_timeout_seconds=5))
    conversation.stream("a", "b")
    conversation.set_blocked(True)
    for seconds in (4.0, 8.0, 12.0):
        conversation.now = seconds
        conversation.execute(conversation.machine.progress(at(seconds)))
    conversation.sleep_until(16.9)
    assert conversation.close is None
    conversation.sleep_until(17.0)
    assert close_code(conversation) == 4102


# Ends


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, CloseReason.CLIENT), (1001, CloseReason.CLIENT), (1006, CloseReason.ABNORMAL)]
)
def test_when_the_client_leaves_its_streams_end_with_it(code: int, reason: CloseReason) -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.now = 3.0
    conversation.execute(conversation.machine.disconnect(code, at(3.0)))
    assert outcomes(conversation) == [Outcome.DISCONNECTED]
    [closed] = conversation.event(ConnectionClosed)
    assert (closed.reason, closed.code, closed.duration_seconds, closed.requests) == (reason, code, 3.0, 1)


def test_the_reason_for_a_close_is_ours_when_we_closed() -> None:
    conversation = Conversation(seconds_left=1)
    conversation.sleep_until(1)
    conversation.execute(conversation.machine.disconnect(1006, at(1.0)))
    [closed] = conversation.event(ConnectionClosed)
    assert closed.reason is CloseReason.SESSION_TIMEOUT


def test_draining_finishes_what_runs_starts_nothing_new_and_closes_with_1012() -> None:
    idle = Conversation()
    idle.execute(idle.machine.drain(at(0.0)))
    assert close_code(idle) == 1012

    busy = Conversation()
    busy.stream("a", "b")
    busy.request("waiting")
    busy.run_effects()
    busy.execute(busy.machine.drain(at(0.0)))
    assert busy.close is None
    busy.sleep_until(0.03)
    assert busy.types()[-2:] == ["chunk", "stream_complete"]
    assert close_code(busy) == 1012
    assert outcomes(busy) == [Outcome.COMPLETED, Outcome.SHUTDOWN]


def test_shutdown_ends_everything_now() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.execute(conversation.machine.shutdown(at(0.0)))
    assert close_code(conversation) == 1012
    assert outcomes(conversation) == [Outcome.SHUTDOWN]


def test_every_error_that_a_client_sees_is_an_event() -> None:
    conversation = Conversation()
    conversation.receive("{}")
    conversation.request("")
    conversation.control("pause")
    assert [event.code for event in conversation.event(ErrorSent)] == [
        ErrorCode.UNKNOWN_MESSAGE_TYPE,
        ErrorCode.EMPTY_CONTENT,
        ErrorCode.NO_ACTIVE_STREAM,
    ]


def test_an_hour_of_streaming_needs_no_more_wake_ups_than_it_has_chunks() -> None:
    conversation = Conversation(Limits(max_requests=1000))
    wake_ups = 0
    while conversation.close is None:
        if conversation.last()["type"] in {"connected", "stream_complete"}:
            conversation.request()
            conversation.run_effects(plan_of(["word "] * 200, Speed.NORMAL))
        assert conversation.wake_at is not None
        conversation.now = conversation.wake_at
        conversation.tick()
        wake_ups += 1
    assert close_code(conversation) == 4010
    assert conversation.now == 3600.0
    chunks = len(conversation.all("chunk"))
    assert chunks > 35_000
    assert wake_ups <= chunks + 1
