"""The moments at which connections close in a drain, and at which their clients return."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.websocket.drain_schedule import (
    LONGEST_WAIT_SECONDS,
    DrainSchedule,
    handshake_retry_seconds,
    interrupted_return,
)
from streaming_content import BackOff, ConnectionClosed
from tests.attempts import most_within_100_ms

SECONDS = st.floats(0, 600)


@given(st.integers(1, 3000), SECONDS, SECONDS, st.booleans())
def test_each_idle_connection_has_a_moment_in_the_drain_at_even_distances(
    idle: int, drain_seconds: float, restart_seconds: float, streaming: bool
) -> None:
    schedule = DrainSchedule.of(idle, drain_seconds, restart_seconds, streaming=streaming)
    closes = [schedule.closes(index) for index in range(idle)]
    assert closes[0] == 0
    assert closes[-1] <= drain_seconds
    distances = [later - earlier for earlier, later in pairwise(closes)]
    assert all(abs(distance - schedule.close_interval) < 1e-9 for distance in distances)
    assert schedule.close_interval <= 0.005


@given(st.integers(1, 3000), SECONDS, SECONDS, st.booleans())
def test_clients_return_after_their_close_in_its_order_and_not_together(
    idle: int, drain_seconds: float, restart_seconds: float, streaming: bool
) -> None:
    schedule = DrainSchedule.of(idle, drain_seconds, restart_seconds, streaming=streaming)
    returns = [schedule.returns(index) for index in range(idle)]
    assert all(schedule.closes(index) <= moment for index, moment in enumerate(returns))
    assert returns[0] <= LONGEST_WAIT_SECONDS
    assert most_within_100_ms(returns) <= 31


@given(st.integers(1, 500), SECONDS, SECONDS, st.integers(1, 8))
def test_the_clients_of_all_workers_together_do_not_return_faster(
    idle: int, drain_seconds: float, restart_seconds: float, workers: int
) -> None:
    schedule = DrainSchedule.of(idle, drain_seconds, restart_seconds, streaming=False, workers=workers)
    returns = [schedule.returns(index) for index in range(idle) for _ in range(workers)]
    assert most_within_100_ms(returns) <= 31 + workers
    assert schedule.closes(idle - 1) <= drain_seconds


@given(st.integers(1, 3000), st.floats(0, 600), st.floats(0.1, 600))
def test_no_client_returns_before_the_process_has_ended_and_restarted(
    idle: int, drain_seconds: float, restart_seconds: float
) -> None:
    schedule = DrainSchedule.of(idle, drain_seconds, restart_seconds, streaming=False)
    restarted = schedule.closes(idle - 1) + restart_seconds
    assert schedule.first_return >= min(restarted, LONGEST_WAIT_SECONDS)


def test_where_other_instances_serve_each_client_returns_at_once() -> None:
    schedule = DrainSchedule.of(1000, 60, 0, streaming=True)
    assert [schedule.returns(index) for index in (0, 999)] == [schedule.closes(index) for index in (0, 999)]
    assert handshake_retry_seconds(5, 0) == 5


def test_1800_clients_of_the_default_settings_return_with_at_most_60_attempts_in_100_ms() -> None:
    """With the jitter of the Python client, which is that of the JavaScript client."""
    numbers = random.Random(0)
    schedule = DrainSchedule.of(1800, drain_seconds=5, restart_seconds=3, streaming=False)
    attempts = []
    for index in range(1800):
        wait_ms = round(1000 * (schedule.returns(index) - schedule.closes(index)))
        closed = ConnectionClosed(1012, f"retry_after_ms={wait_ms}")
        attempts.append(schedule.closes(index) + BackOff(random_number=numbers.random).next(closed))
    assert most_within_100_ms(attempts) <= 60
    assert min(attempts) >= 8


def test_clients_of_interrupted_streams_return_soon_and_not_together() -> None:
    returns = [interrupted_return(index) for index in range(1800)]
    assert returns[0] < 1
    assert most_within_100_ms(returns) <= 31


def test_a_refused_handshake_is_retried_after_the_restart_but_not_much_later() -> None:
    assert (handshake_retry_seconds(5, 3), handshake_retry_seconds(600, 3)) == (8, LONGEST_WAIT_SECONDS)
