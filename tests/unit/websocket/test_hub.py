"""The capacity of a process, and its drain."""

import asyncio

from service.events import DrainEnded, DrainStarted, Event
from service.protocol.instant import Instant
from service.websocket.hub import Hub


class Member:
    """A connection. With a stream, it closes at its drain, if the stream ends then, or only at its shutdown."""

    leased_stream = None
    principal = None

    def __init__(self, closed: asyncio.Event, *, idle: bool, closes_at_drain: bool) -> None:
        self.calls: list[str] = []
        self.returns_at = -1.0
        self.idle = idle
        self._closed = closed
        self._closes_at_drain = closes_at_drain

    def drain(self, returns_at: float) -> None:
        self.calls.append("drain")
        self.returns_at = returns_at
        if self._closes_at_drain:
            self._closed.set()

    def shutdown(self, returns_at: float) -> None:
        self.calls.append("shutdown")
        self.returns_at = returns_at
        self._closed.set()

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Nothing is leased."""

    def revoke(self) -> None:
        """There is no token."""


class Reader:
    def __init__(self, session_key: str) -> None:
        self.session_key = session_key
        self.offered: list[str] = []

    def offer_live(self, stream_id: str) -> None:
        self.offered.append(stream_id)


class Process:
    """A hub with a clock that is further at each call, by an hour unless ``tick_seconds`` is given."""

    def __init__(self, max_connections: int = 2, tick_seconds: float = 3600) -> None:
        self.events: list[Event] = []
        self.seconds = 0.0
        self._tick_seconds = tick_seconds
        self.hub = Hub(max_connections, self, self.clock)

    def clock(self) -> Instant:
        self.seconds += self._tick_seconds
        return Instant(self.seconds, self.seconds)

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def drain(self, seconds: float, *, restart_seconds: float = 3, forced: bool = False) -> None:
        await self.hub.drain(seconds, restart_seconds, is_forced=lambda: forced)

    async def connect(self, *, idle: bool = False, closes_at_drain: bool = False) -> tuple[Member, asyncio.Task[None]]:
        closed = asyncio.Event()
        member = Member(closed, idle=idle, closes_at_drain=closes_at_drain)

        async def run() -> None:
            self.hub.register(member)
            await closed.wait()
            self.hub.discard(member)

        task = asyncio.create_task(run())
        await asyncio.sleep(0)
        return member, task


def test_capacity_is_reserved_up_to_the_limit_and_released() -> None:
    hub = Process(max_connections=1).hub
    assert (hub.reserve(), hub.reserve(), hub.connections) == (True, False, 1)
    hub.release()
    assert (hub.connections, hub.reserve()) == (0, True)


def test_a_live_stream_is_offered_to_the_connections_of_its_session() -> None:
    hub = Process().hub
    one, two, other = Reader("s-1"), Reader("s-1"), Reader("s-2")
    for reader in (one, two, other):
        hub.add_reader(reader)
    hub.offer_live("s-1", "live-1")
    hub.remove_reader(two)
    hub.offer_live("s-1", "live-2")
    hub.remove_reader(one)
    hub.offer_live("s-1", "live-3")
    assert (one.offered, two.offered, other.offered) == (["live-1", "live-2"], ["live-1"], [])


async def test_a_drain_waits_until_all_connections_have_closed() -> None:
    process = Process()
    member, task = await process.connect(closes_at_drain=True)
    await process.drain(1e9)
    await task
    assert (member.calls, process.hub.draining) == (["drain"], True)
    assert process.events[0] == DrainStarted(1)
    assert [event.interrupted for event in process.events if isinstance(event, DrainEnded)] == [0]


async def test_a_drain_shuts_down_connections_that_are_active_at_its_end() -> None:
    process = Process()
    member, task = await process.connect()
    await process.drain(1800)
    await task
    assert member.calls == ["drain", "shutdown"]
    assert 0 < member.returns_at - process.seconds < 1
    assert [event.interrupted for event in process.events if isinstance(event, DrainEnded)] == [1]


async def test_idle_connections_close_one_after_the_other_and_streams_go_on() -> None:
    process = Process(tick_seconds=0.001)
    streaming, streaming_task = await process.connect()
    connected = [await process.connect(idle=True) for _ in range(4)]
    drain = asyncio.create_task(process.drain(1e9))
    for _, task in connected:
        await task
    assert (streaming.calls, drain.done()) == (["drain"], False)
    returns = [member.returns_at for member, _ in connected]
    assert len(set(returns)) == len(returns)
    streaming.shutdown(0)
    await asyncio.gather(streaming_task, drain)
    assert [event.interrupted for event in process.events if isinstance(event, DrainEnded)] == [0]


async def test_an_idle_connection_closes_at_its_moment_and_not_before() -> None:
    process = Process(tick_seconds=0.001)
    first, _ = await process.connect(idle=True)
    second, task = await process.connect(idle=True)
    seen: list[int] = []

    def is_forced() -> bool:
        seen.append(len(first.calls) + len(second.calls))
        return False

    await process.hub.drain(1e9, 3, is_forced)
    await task
    assert seen[:2] == [2, 3]  # both drain, the first closes at once, and the second after five ticks
    assert seen.count(3) >= 4
    assert sorted([first.calls, second.calls]) == [["drain", "shutdown"]] * 2


async def test_a_forced_drain_does_not_wait() -> None:
    process = Process()
    connected = [await process.connect(), await process.connect(idle=True), await process.connect(idle=True)]
    await process.drain(1e9, forced=True)
    for member, task in connected:
        await task
        assert member.calls == ["drain", "shutdown"]


async def test_a_connection_that_registers_during_a_drain_is_shut_down() -> None:
    process = Process()
    await process.drain(0)
    member, task = await process.connect(closes_at_drain=True)
    await task
    assert member.calls == ["shutdown"]
