"""No client sends more than its budget, none that keeps it is refused, and the largest holders go first."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.protocol.limits import InputLimit, Rate
from service.settings import Settings
from service.websocket.input_budget import InputBudget, InputMemory, charge, select_holders

LIMITS = Settings.model_construct().input_limits(None)
RATE = Rate(per_second=10, burst=50)
SLACK = 1e-6

AMOUNTS = st.integers(0, 80)
PAUSES = st.floats(0, 20)


@given(st.lists(st.tuples(PAUSES, AMOUNTS), max_size=40))
def test_in_any_time_no_more_is_accepted_than_a_burst_and_the_rate(arrivals: list[tuple[float, int]]) -> None:
    accepted: list[tuple[float, int]] = []
    now = until = 0.0
    for pause, amount in arrivals:
        now += pause
        charged = charge(RATE, until, amount, now)
        if charged is not None:
            until = charged
            accepted.append((now, amount))
    for first, (began, _) in enumerate(accepted):
        sums = accumulate(amount for _, amount in accepted[first:])
        for total, (ended, _) in zip(sums, accepted[first:], strict=True):
            assert total <= RATE.burst + (ended - began) * RATE.per_second + SLACK


@given(st.lists(AMOUNTS.filter(bool), max_size=40))
def test_a_client_at_the_rate_is_never_refused_even_after_a_burst(amounts: list[int]) -> None:
    burst = charge(RATE, 0, int(RATE.burst), 0)
    assert burst is not None
    now, until = 0.0, burst
    for amount in amounts:
        now += amount / RATE.per_second + SLACK
        charged = charge(RATE, until, amount, now) if amount <= RATE.burst else until
        assert charged is not None
        until = charged


def test_a_refused_amount_costs_nothing() -> None:
    budget = InputBudget(LIMITS)
    assert budget.receive_frames(2001, 100) is InputLimit.FRAMES
    assert budget.receive_bytes(int(LIMITS.bytes.burst) + 1, 100) is InputLimit.BYTES
    assert budget.receive_frames(2000, 100) is None
    assert budget.receive_bytes(int(LIMITS.bytes.burst), 100) is None


@pytest.mark.parametrize("max_content_size", [1, 100_000, 10_000_000])
def test_eleven_requests_of_the_largest_size_are_within_the_budget(max_content_size: int) -> None:
    limits = Settings(max_content_size=max_content_size).input_limits(None)
    budget = InputBudget(limits)
    refusals = [budget.receive_bytes(limits.kept_message_bytes, 0) for _ in range(11)]
    assert refusals == [None] * 11
    assert limits.kept_message_bytes >= 6 * max_content_size


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_a_message_ends_without_progress_and_after_its_whole_time(steps: list[tuple[int, bool, bool]]) -> None:
    """Time in which the service does not read counts for neither."""
    budget = InputBudget(LIMITS)
    budget.begin_message(0, 0)
    now = size = without_progress = of_client = 0
    for seconds, progresses, reading in steps:
        now += seconds
        size += progresses
        without_progress = 0 if progresses or not reading else without_progress + seconds
        of_client += seconds if reading else 0
        late = without_progress >= LIMITS.message_stall_seconds or of_client >= LIMITS.message_seconds
        assert (budget.wait_for_message(size, now, reading=reading) is InputLimit.MESSAGE) is late


HELD = st.dictionaries(st.integers(), st.integers(0, 300), max_size=30)


@given(HELD, st.integers(1, 1000))
def test_the_largest_holders_go_and_no_more_than_necessary(held: dict[int, int], limit: int) -> None:
    selected = select_holders(held, limit)
    rest = [size for holder, size in held.items() if holder not in selected]
    if sum(held.values()) <= limit:
        assert selected == ()
    else:
        assert sum(rest) * 4 <= limit * 3
        assert (sum(rest) + held[selected[-1]]) * 4 > limit * 3
        assert min(held[holder] for holder in selected) >= max(rest, default=0)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 100), st.booleans()), max_size=200))
def test_what_is_held_exceeds_the_limit_by_at_most_an_eighth(arrivals: list[tuple[int, int, bool]]) -> None:
    limit = 800
    memory = InputMemory(limit)
    held: dict[int, int] = {}
    for holder, size, done in arrivals:
        held[holder] = held.get(holder, 0) + size
        if done:
            del held[holder]
        if memory.receive(size):
            for selected in memory.select(held):
                del held[selected]
        assert sum(held.values()) <= limit + limit // 8
