"""The watch of the event loop, from a thread. Tests move the clock."""

import asyncio
import threading

import pytest

from service.events import Event, LoopStalled
from service.process import stall_watch
from service.process.stall_watch import BEAT_SECONDS, STALL_SECONDS, StallWatch
from tests.waiting import LIMIT_SECONDS

LOOKS = 6
"""Readings of the clock within which the watch has looked at the loop twice."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.looks = threading.Semaphore(0)
        """Released when the watch reads the clock."""
        self.beat = asyncio.Event()
        """Set when the loop reads the clock."""
        self._loop_thread = threading.get_ident()

    def __call__(self) -> float:
        if threading.get_ident() == self._loop_thread:
            self.beat.set()
        else:
            self.looks.release()
        return self.now


class Recording:
    def __init__(self) -> None:
        self.stalls: list[LoopStalled] = []

    def record(self, event: Event) -> None:
        assert isinstance(event, LoopStalled)
        self.stalls.append(event)


def block(clock: Clock, seconds: float) -> None:
    """Keep the loop from running for that time, until the watch has looked at it."""
    clock.now += seconds
    while clock.looks.acquire(blocking=False):
        pass
    for _ in range(LOOKS):
        assert clock.looks.acquire(timeout=LIMIT_SECONDS)


async def run(clock: Clock) -> None:
    """Let the loop run again, until the watch has looked at it."""
    clock.beat.clear()
    await clock.beat.wait()
    block(clock, 0)


async def test_a_blocking_call_is_seen_with_its_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_watch, "_OWN", (__file__,))
    clock, recording = Clock(), Recording()
    with StallWatch(recording, clock).running():
        block(clock, 0.4)
        await run(clock)
    [stall] = recording.stalls
    assert stall.ended
    assert "test_stall_watch.py:" in stall.frame
    assert stall.frame.endswith(" block")


async def test_a_stall_that_lasts_is_reported_before_it_ends() -> None:
    clock, recording = Clock(), Recording()
    with StallWatch(recording, clock).running():
        block(clock, 1.5)
        block(clock, 0.5)
        assert [stall.ended for stall in recording.stalls] == [False]
        await run(clock)
    first, last = recording.stalls
    assert last.ended
    assert first.seconds + last.seconds == last.total_seconds == pytest.approx(2 - BEAT_SECONDS / 2)


async def test_each_stall_is_measured_for_itself_and_a_beat_that_is_nearly_late_is_none() -> None:
    clock, recording = Clock(), Recording()
    with StallWatch(recording, clock).running():
        for seconds in (BEAT_SECONDS + STALL_SECONDS, 0.2, 0.4):
            block(clock, seconds)
            await run(clock)
    expected = [pytest.approx(seconds - BEAT_SECONDS / 2) for seconds in (0.2, 0.4)]
    assert [stall.total_seconds for stall in recording.stalls] == expected
    assert [stall.seconds for stall in recording.stalls] == expected
