"""When chunks are due, and what pause and skip do to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.session.delivery import BURST_CHUNKS, Delivery
from service.session.pace import LATE_GAPS, Pace
from service.session.source import PlanSource
from tests.unit.session.conversation import plan_of

GAP = 0.1


def delivery_of(count: int, now: float = 0.0) -> Delivery:
    return Delivery(PlanSource(plan_of([f"{k} " for k in range(count)], max_chunk_characters=10)), GAP, now)


def take(delivery: Delivery, now: float) -> list[str]:
    """Return the data of the chunks that are due."""
    return [data for data, _ in delivery.take(now)]


def test_chunk_k_is_due_k_gaps_after_the_start() -> None:
    assert Pace(0.03, 5.0).due(100_000) == pytest.approx(3005.0)


def test_the_first_chunk_is_due_at_once_and_the_next_one_a_gap_later() -> None:
    delivery = delivery_of(3, now=7.0)
    assert take(delivery, 7.0) == ["0 "]
    assert take(delivery, 7.0999) == []
    assert take(delivery, 7.1) == ["1 "]


def test_a_stream_catches_up_after_three_gaps_and_is_rebased_after_more() -> None:
    little = delivery_of(10)
    assert take(little, LATE_GAPS * GAP) == ["0 ", "1 ", "2 ", "3 "]
    very = delivery_of(10)
    assert take(very, LATE_GAPS * GAP + 0.001) == ["0 "]
    assert very.due_at == pytest.approx(LATE_GAPS * GAP + 0.001 + GAP)


def test_a_pause_holds_back_chunks_and_keeps_the_rest_of_the_gap() -> None:
    delivery = delivery_of(3)
    delivery.take(0.0)
    delivery.pause(0.06)
    assert take(delivery, 50.0) == []
    delivery.resume(50.0)
    assert take(delivery, 50.0399) == []
    assert take(delivery, 50.0401) == ["1 "]
    assert delivery.paused_seconds(60.0) == pytest.approx(49.94)


def test_a_skip_makes_the_remaining_chunks_due_merged_and_in_bursts() -> None:
    delivery = delivery_of(3)
    delivery.take(0.0)
    delivery.skip(0.01)
    assert take(delivery, 0.01) == ["1 2 "]
    assert delivery.finished

    long = Delivery(PlanSource(plan_of(["x" * 10] * 100, max_chunk_characters=10)), GAP, 0.0)
    long.skip(0.0)
    assert [len(long.take(0.0)), len(long.take(0.0))] == [BURST_CHUNKS, 100 - BURST_CHUNKS]
    assert long.bytes == 1000


@given(count=st.integers(1, 40), moments=st.lists(st.floats(0, 0.5), max_size=80), skip_after=st.integers(0, 60))
def test_every_chunk_is_taken_once_in_order_and_never_early(count: int, moments: list[float], skip_after: int) -> None:
    delivery = delivery_of(count)
    now = 0.0
    taken: list[str] = []
    for step, elapsed in enumerate([*moments, *[GAP] * count]):
        now += elapsed
        if step == skip_after:
            delivery.skip(now)
        before = delivery.index
        taken += take(delivery, now)
        if not delivery.skipped:
            assert all(now >= k * GAP for k in range(before, delivery.index))
    assert "".join(taken) == "".join(f"{k} " for k in range(count))
    assert delivery.finished
