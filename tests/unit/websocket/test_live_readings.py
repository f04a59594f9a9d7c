"""The effects on live streams: nothing stays attached, and a cancellation outlives its connection."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from service.protocol.messages import HtmlMode
from service.session.live_effects import AttachLive, ListLive, LiveAttached, LiveListed, LiveUnknown
from service.session.live_ports import LiveReading, WatchTarget
from service.session.ports import StoreUnavailable
from service.websocket import live_readings
from service.websocket.live_readings import LiveReadings
from tests.unit.session.live_stream import Stream
from tests.waiting import LIMIT_SECONDS

TARGET = WatchTarget("live-1", "s-1", HtmlMode.FRAGMENT, None, 0)


class Streams:
    """One stream, of which ``attach`` waits until it is released."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.released = asyncio.Event()
        self.attached: list[LiveReading] = []
        self.detached: list[LiveReading] = []
        self.cancelled: list[str] = []
        self.failures: list[Exception] = []
        self.all_cancelled = asyncio.Event()

    async def attach(self, target: WatchTarget, on_change: Callable[[], None]) -> LiveReading | None:
        await self.released.wait()
        if target.stream_id != "live-1":
            return None
        reading = self.stream.read(target)
        self.attached.append(reading)
        return reading

    def detach(self, reading: LiveReading) -> None:
        self.detached.append(reading)

    async def cancel(self, stream_id: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.cancelled.append(stream_id)
        self.all_cancelled.set()

    async def open_streams(self, session_key: str) -> Sequence[str]:
        return [session_key]


class Attempt:
    def __init__(self) -> None:
        self.streams = Streams()
        self.faults: list[BaseException] = []
        self.readings = LiveReadings(self.streams, lambda: None, self.faults.append)


async def test_a_reader_is_attached_and_detached() -> None:
    attempt = Attempt()
    attempt.streams.released.set()
    attached = await attempt.readings.attach(AttachLive(7, TARGET))
    assert isinstance(attached, LiveAttached)
    assert (attached.ticket, attempt.streams.attached) == (7, [attached.reading])
    attempt.readings.detach(attached.reading)
    attempt.readings.close()
    assert attempt.streams.detached == [attached.reading]


async def test_an_unknown_stream_and_the_open_ones() -> None:
    attempt = Attempt()
    attempt.streams.released.set()
    unknown = WatchTarget("live-2", "s-1", HtmlMode.FRAGMENT, None, 0)
    assert await attempt.readings.attach(AttachLive(8, unknown)) == LiveUnknown(8)
    assert await attempt.readings.find(ListLive(-1, "s-1")) == LiveListed(-1, ["s-1"])


async def test_what_the_machine_left_is_detached_at_the_end_of_the_connection() -> None:
    attempt = Attempt()
    attempt.streams.released.set()
    await attempt.readings.attach(AttachLive(1, TARGET))
    attempt.readings.close()
    attempt.readings.close()
    assert attempt.streams.detached == attempt.streams.attached


@pytest.mark.parametrize("released_first", [False, True])
async def test_a_reading_whose_attachment_is_cancelled_does_not_remain(released_first: bool) -> None:
    attempt = Attempt()
    task = asyncio.create_task(attempt.readings.attach(AttachLive(1, TARGET)))
    for _ in range(5):
        await asyncio.sleep(0)
    if released_first:
        attempt.streams.released.set()
        while not attempt.streams.attached:  # noqa: ASYNC110 - the result has not arrived by then
            await asyncio.sleep(0)
    task.cancel()
    attempt.streams.released.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(LIMIT_SECONDS):
        while not attempt.streams.detached:  # noqa: ASYNC110 - a callback without an event
            await asyncio.sleep(0)
    assert attempt.streams.detached == attempt.streams.attached


async def test_a_cancellation_is_repeated_while_the_store_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_readings, "_FIRST_WAIT_SECONDS", 0.0)
    attempt = Attempt()
    attempt.streams.failures = [StoreUnavailable(), StoreUnavailable()]
    attempt.readings.cancel("live-1")
    attempt.readings.close()
    async with asyncio.timeout(LIMIT_SECONDS):
        await attempt.streams.all_cancelled.wait()
    assert (attempt.streams.cancelled, attempt.faults) == (["live-1"], [])


async def test_a_fault_of_a_cancellation_is_recorded() -> None:
    attempt = Attempt()
    attempt.streams.failures = [fault := RuntimeError("broken")]
    attempt.readings.cancel("live-1")
    async with asyncio.timeout(LIMIT_SECONDS):
        while not attempt.faults:  # noqa: ASYNC110 - a call without an event
            await asyncio.sleep(0)
    assert attempt.faults == [fault]
