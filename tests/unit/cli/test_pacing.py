"""The rule of the pace, judged on recorded arrivals."""

import pytest

from service.cli.checks import Mismatch
from service.cli.checks.pacing import expect_never_early, expect_pace
from streaming_content import Stream

CHUNKS = 20
GAP_SECONDS = 0.03
TOLERANCE_SECONDS = 0.01


def on_pace(gap: float = GAP_SECONDS) -> list[float]:
    return [5 + index * gap for index in range(CHUNKS)]


def received(arrivals: list[float], speed: str = "superfast") -> Stream:
    """A complete stream whose chunks arrived at these moments."""
    stream = Stream("x" * len(arrivals))
    total = len(arrivals)
    stream.take({"type": "stream_start", "total_chunks": total, "metadata": {"speed_used": speed}}, arrivals[0])
    for index, at in enumerate(arrivals):
        stream.take({"type": "chunk", "index": index, "data": "x"}, at)
    stream.take({"type": "stream_complete", "total_chunks": total, "metadata": {"bytes": total}}, arrivals[-1])
    return stream


def judge(arrivals: list[float], speed: str = "superfast") -> str:
    return expect_pace(received(arrivals, speed), "superfast", CHUNKS, TOLERANCE_SECONDS)


def test_a_stream_on_pace_passes_with_its_figures() -> None:
    assert judge(on_pace()) == "gap mean 30.0 ms, off by p50 0.0 ms, p99 0.0 ms"


@pytest.mark.parametrize("early", range(1, CHUNKS))
def test_one_early_chunk_fails(early: int) -> None:
    arrivals = on_pace()
    arrivals[early] -= 0.8 * GAP_SECONDS
    with pytest.raises(Mismatch, match=r"no chunk early \(within 10.0 ms\), got one 24.0 ms early"):
        judge(arrivals)


@pytest.mark.parametrize("delayed", range(CHUNKS))
def test_a_delay_of_the_whole_rest_passes(delayed: int) -> None:
    assert judge([at + (0.5 if index >= delayed else 0) for index, at in enumerate(on_pace())])


def test_a_delay_of_one_chunk_passes() -> None:
    arrivals = on_pace()
    arrivals[7] += 0.02
    assert judge(arrivals)


def test_an_early_chunk_within_the_tolerance_passes() -> None:
    arrivals = on_pace()
    arrivals[7] -= 0.009
    assert judge(arrivals)


def test_a_pace_that_is_too_fast_fails() -> None:
    with pytest.raises(Mismatch, match="early"):
        judge(on_pace(0.8 * GAP_SECONDS))


def test_a_pace_that_is_too_slow_fails() -> None:
    with pytest.raises(Mismatch, match=r"a gap of 30.0 ms, got 60.0 ms \(median\)"):
        judge(on_pace(2 * GAP_SECONDS))


def test_another_speed_fails() -> None:
    with pytest.raises(Mismatch, match="'normal'"):
        judge(on_pace(), speed="normal")


def test_chunks_that_arrive_at_once_are_early() -> None:
    with pytest.raises(Mismatch, match="early"):
        expect_never_early([1.0] * CHUNKS, GAP_SECONDS, TOLERANCE_SECONDS)
