"""The capacity of a process, and its drain."""

import asyncio

from service.events import DrainEnded, DrainStarted, Event
from service.protocol.instant import Instant
from service.websocket.hub import Hub


class Member:
    """A connection that closes at its drain, or only at its shutdown."""

    leased_stream = None

    def __init__(self, closed: asyncio.Event, *, at_drain: bool) -> None:
        self.calls: list[str] = []
        self._closed = closed
        self._at_drain = at_drain

    def drain(self) -> None:
        self.calls.append("drain")
        if self._at_drain:
            self._closed.set()

    def shutdown(self) -> None:
        self.calls.append("shutdown")
        self._closed.set()

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Nothing is leased."""


class Process:
    """A hub with a clock that is an hour further at each call."""

    def __init__(self, max_connections: int = 2) -> None:
        self.events: list[Event] = []
        self.seconds = 0.0
        self.hub = Hub(max_connections, self, self.clock)

    def clock(self) -> Instant:
        self.seconds += 3600
        return Instant(self.seconds, self.seconds)

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def connect(self, *, closes_at_drain: bool) -> tuple[Member, asyncio.Task[None]]:
        closed = asyncio.Event()
        member = Member(closed, at_drain=closes_at_drain)

        async def run() -> None:
            with self.hub.register(member):
                await closed.wait()

        task = asyncio.create_task(run())
        await asyncio.sleep(0)
        return member, task


def test_capacity_is_reserved_up_to_the_limit_and_released() -> None:
    hub = Process(max_connections=1).hub
    with hub.reserve() as first, hub.reserve() as second:
        assert (first, second, hub.connections) == (True, False, 1)
    with hub.reserve() as third:
        assert third
    assert hub.connections == 0


async def test_a_drain_waits_until_all_connections_have_closed() -> None:
    process = Process()
    member, task = await process.connect(closes_at_drain=True)
    await process.hub.drain(1e9, is_forced=lambda: False)
    await task
    assert (member.calls, process.hub.draining) == (["drain"], True)
    assert process.events[0] == DrainStarted(1)
    assert [event.interrupted for event in process.events if isinstance(event, DrainEnded)] == [0]


async def test_a_drain_shuts_down_connections_that_are_active_at_its_end() -> None:
    process = Process()
    member, task = await process.connect(closes_at_drain=False)
    await process.hub.drain(1800, is_forced=lambda: False)
    await task
    assert member.calls == ["drain", "shutdown"]
    assert [event.interrupted for event in process.events if isinstance(event, DrainEnded)] == [1]


async def test_a_forced_drain_does_not_wait() -> None:
    process = Process()
    member, task = await process.connect(closes_at_drain=False)
    await process.hub.drain(1e9, is_forced=lambda: True)
    await task
    assert member.calls == ["drain", "shutdown"]


async def test_a_connection_that_registers_during_a_drain_is_drained() -> None:
    process = Process()
    await process.hub.drain(0, is_forced=lambda: False)
    member, task = await process.connect(closes_at_drain=True)
    await task
    assert member.calls == ["drain"]
