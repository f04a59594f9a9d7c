"""What readers see of a producer that is silent."""

import pytest

from service.live.lease import LEASE_SECONDS, STALLED_SECONDS, adoptable_seconds, live_state
from service.live.records import LiveState, LiveStatus


@pytest.mark.parametrize(
    ("silent_seconds", "state"),
    [
        (0.0, LiveState.OPEN),
        (STALLED_SECONDS - 0.001, LiveState.OPEN),
        (STALLED_SECONDS, LiveState.STALLED),
        (LEASE_SECONDS - 0.001, LiveState.STALLED),
        (LEASE_SECONDS, LiveState.INTERRUPTED),
        (1e9, LiveState.INTERRUPTED),
    ],
)
def test_an_open_stream_stalls_and_is_interrupted(silent_seconds: float, state: LiveState) -> None:
    assert live_state(LiveStatus.OPEN, silent_seconds) is state


@pytest.mark.parametrize("status", [one for one in LiveStatus if one is not LiveStatus.OPEN])
def test_an_ended_stream_is_what_it_ended_as(status: LiveStatus) -> None:
    assert {live_state(status, seconds).value for seconds in (0, STALLED_SECONDS, LEASE_SECONDS)} == {status.value}


def test_a_stream_can_be_adopted_for_its_time_after_the_interruption() -> None:
    assert adoptable_seconds(300) == LEASE_SECONDS + 300
