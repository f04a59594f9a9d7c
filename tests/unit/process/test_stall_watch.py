"""The watch of the event loop, from a thread."""

import asyncio
import threading

import pytest

from service.events import Event, LoopStalled
from service.process import stall_watch
from service.process.stall_watch import StallWatch
from tests.waiting import eventually


class Recording:
    def __init__(self) -> None:
        self.stalls: list[LoopStalled] = []

    def record(self, event: Event) -> None:
        assert isinstance(event, LoopStalled)
        self.stalls.append(event)


def block(seconds: float) -> None:
    threading.Event().wait(seconds)


async def test_a_blocking_call_is_seen_with_its_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_watch, "_OWN", (__file__,))
    recording = Recording()

    async def ended() -> bool:
        return bool(recording.stalls)

    with StallWatch(recording).running():
        await asyncio.sleep(0)
        block(0.4)
        await eventually(ended)
    [stall] = recording.stalls[:1]
    assert stall.ended
    assert stall.seconds == stall.total_seconds > 0.3
    assert "test_stall_watch.py" in stall.frame
    assert stall.frame.endswith(" block")


async def test_a_stall_that_lasts_is_reported_before_it_ends() -> None:
    recording = Recording()

    async def ended() -> bool:
        return bool(recording.stalls) and recording.stalls[-1].ended

    with StallWatch(recording).running():
        await asyncio.sleep(0)
        block(1.5)
        first = recording.stalls[0]
        await eventually(ended)
    assert (first.ended, recording.stalls[1].ended) == (False, True)
    assert sum(stall.seconds for stall in recording.stalls[:2]) == pytest.approx(recording.stalls[1].total_seconds)


async def test_a_loop_that_runs_is_not_reported() -> None:
    recording = Recording()
    with StallWatch(recording, clock=lambda: 0.0).running():
        await asyncio.sleep(0)
    assert recording.stalls == []
