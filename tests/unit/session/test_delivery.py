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
    return [data for data, _ in delivery.take(now)[0]]


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


def test_each_chunk_is_late_by_the_time_since_it_was_due() -> None:
    delivery = delivery_of(20)
    assert delivery.take(0.0)[1] == [0.0]
    assert delivery.take(0.103)[1] == pytest.approx([0.003])
    assert delivery.take(0.45)[1] == pytest.approx([0.25, 0.15, 0.05])
    assert delivery.take(2.5)[1] == pytest.approx([2.0]), "it was due at 0.5; the others wait for their new time"
    assert delivery.take(2.6)[1] == pytest.approx([0.0])


def test_no_chunk_is_late_for_the_time_in_which_the_client_held_it_back() -> None:
    full = delivery_of(5)
    full.take(0.0)
    full.release(7.0)
    assert full.take(7.002)[1] == pytest.approx([0.002])
    assert full.take(7.202)[1] == pytest.approx([0.1, 0.0])
    paused = delivery_of(5)
    paused.take(0.0)
    paused.pause(0.15)
    paused.resume(9.0)
    assert paused.take(9.004)[1] == pytest.approx([0.054]), "late by 0.05 before the pause"
    both = delivery_of(5)
    both.take(0.0)
    both.pause(5.0)
    both.release(6.0)
    both.resume(9.0)
    assert both.take(9.004)[1] == pytest.approx([0.004])


def test_chunks_of_a_skipped_stream_have_no_due_time() -> None:
    delivery = delivery_of(3)
    delivery.take(0.0)
    delivery.skip(0.01)
    chunks, lags = delivery.take(5.0)
    assert (len(chunks), lags) == (1, [])


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
    assert [len(take(long, 0.0)), len(take(long, 0.0))] == [BURST_CHUNKS, 100 - BURST_CHUNKS]
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
