"""The order of streams, and each of them from the request to the terminal message."""

import pytest
from msgspec.structs import replace

from service.content import Stage
from service.content.html.removal import Removal
from service.events import (
    FallbackUsed,
    FirstChunkSent,
    Outcome,
)
from service.protocol.errors import ChunkingFailed, EmptyContent, ProcessingFailed
from service.protocol.messages import GAP_SECONDS, Speed
from service.session.effects import (
    Admit,
    Prepare,
)
from tests.unit.session.conversation import Conversation, plan_of


def test_a_stream_starts_sends_its_chunks_at_their_pace_and_completes() -> None:
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
    assert conversation.outcomes == [Outcome.COMPLETED]


@pytest.mark.parametrize(
    ("speed", "gap"), [(Speed.SLOW, 0.3), (Speed.NORMAL, 0.1), (Speed.FAST, 0.05), (Speed.SUPERFAST, 0.03)]
)
def test_each_speed_has_its_gap(speed: Speed, gap: float) -> None:
    assert GAP_SECONDS[speed] == gap
    conversation = Conversation()
    conversation.stream("a", "b", speed=speed)
    assert conversation.wake_at == pytest.approx(gap)


def test_the_content_of_a_request_is_held_until_its_stream_starts() -> None:
    conversation = Conversation()
    held = conversation.machine.held_bytes
    conversation.request(content="x" * 5000)
    assert conversation.machine.held_bytes - held > 5000
    conversation.run_effects(plan_of(["one ", "two"]))
    assert conversation.types()[-1] == "chunk"
    conversation.request(content="x" * 3000)
    assert 3000 < conversation.machine.held_bytes - held < 4000


def test_one_stream_is_active_at_a_time_and_the_others_wait_in_order() -> None:
    conversation = Conversation()
    for name in ("a", "b", "c"):
        conversation.request(f"{name}1 {name}2", request_id=name)
    for end in (0.03, 0.06, 0.09):
        conversation.run_effects()
        assert conversation.types()[-2:] == ["stream_start", "chunk"]
        conversation.sleep_until(end)
        assert conversation.types()[-2:] == ["chunk", "stream_complete"]
    assert [message["request_id"] for message in conversation.all("stream_complete")] == ["a", "b", "c"]


def test_the_time_to_the_first_chunk_starts_when_the_request_leaves_the_queue() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", speed=Speed.SLOW)
    conversation.request("second")
    conversation.run_effects()
    conversation.sleep_until(0.3)
    [prepare] = conversation.pending(Prepare)
    conversation.now = 0.5
    conversation.prepare(prepare, plan_of(["x"]))
    assert [event.seconds for event in conversation.event(FirstChunkSent)] == [0.0, pytest.approx(0.2)]


def test_cancel_ends_the_stream_at_once_and_the_next_one_starts() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.request("next", request_id="n")
    conversation.run_effects()
    assert [message["type"] for message in conversation.control("cancel")] == ["stream_cancelled"]
    conversation.run_effects()
    assert conversation.last()["request_id"] == "n"
    assert conversation.outcomes == [Outcome.CANCELLED, Outcome.COMPLETED]


@pytest.mark.parametrize("effect", [Admit, Prepare])
def test_controls_act_on_a_request_that_is_admitted_or_prepared(effect: type[Admit | Prepare]) -> None:
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


def test_the_results_of_a_cancelled_request_are_ignored() -> None:
    conversation = Conversation()
    conversation.request("content")
    conversation.control("cancel")
    conversation.run_effects()
    assert conversation.types()[1:] == ["stream_cancelled"]


@pytest.mark.parametrize("action", ["pause", "resume", "skip", "cancel"])
def test_a_control_without_a_stream_is_an_error_and_the_connection_stays_open(action: str) -> None:
    conversation = Conversation()
    [error] = conversation.control(action)
    assert (error["code"], error["fatal"]) == ("NO_ACTIVE_STREAM", False)
    assert conversation.send(type="ping")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(EmptyContent("Nothing is left."), Outcome.REJECTED), (ProcessingFailed("It broke."), Outcome.ERROR)],
)
def test_a_failed_preparation_ends_its_request_with_one_error_and_the_next_one_starts(
    error: EmptyContent | ProcessingFailed, outcome: Outcome
) -> None:
    conversation = Conversation()
    conversation.request("a", request_id="a")
    conversation.run_effects(error)
    message = conversation.last()
    assert (message["code"], message["stream_id"], message["request_id"]) == (error.code, "stream-1", "a")
    conversation.request("b")
    conversation.run_effects()
    assert conversation.outcomes == [outcome, Outcome.COMPLETED]


@pytest.mark.parametrize(
    ("sign", "stage"),
    [
        ({"failure": ChunkingFailed("It broke.")}, Stage.CHUNK),
        ({"removed": {Removal.MARKUP: 1}}, Stage.SANITISE),
        ({"removed": {Removal.COMMENT: 1}}, None),
    ],
)
def test_a_plan_made_with_a_fallback_is_streamed_and_recorded(sign: dict[str, object], stage: Stage | None) -> None:
    conversation = Conversation()
    conversation.request("some words")
    conversation.run_effects(replace(plan_of(["some words"]), **sign))
    assert conversation.outcomes == [Outcome.COMPLETED]
    fallbacks = [(event.stream_id, event.stage) for event in conversation.event(FallbackUsed)]
    assert fallbacks == ([] if stage is None else [("stream-1", stage)])
