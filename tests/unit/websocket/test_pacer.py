"""Connections whose runs the pacer sends, side by side with connections whose machines are ticked for every chunk."""

import asyncio
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.events import BackpressureApplied, Event, FaultRaised, StreamEnded
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import GAP_SECONDS, HtmlMode, Speed
from service.protocol.server_messages import Chunk
from service.session.machine import SessionMachine
from service.session.records import SessionSnapshot
from service.session.step import Step
from service.websocket.driver import Driver
from service.websocket.effect_handler import Services
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.ticker import QUANTUM_SECONDS, Ticker
from tests.profiles import scaled
from tests.unit.session.conversation import WALL
from tests.unit.websocket.in_memory import Engine, Ids, Socket, Store
from tests.unit.websocket.test_driver import message_in
from tests.virtual_time import VirtualLoop, run_virtually

LIMITS = Limits(max_session_seconds=12, idle_timeout_seconds=5, chunk_timeout_seconds=2)
CONNECTIONS = 3
UNIT_SECONDS = 0.001373
"""Times are multiples of it, and so never on the grid of the ticker: what happens at one time has no defined order."""

Action = tuple[int, str, Any]
"""A connection, what happens to it or to all, and with which argument."""


class TickedMachine(SessionMachine):
    """Returns no runs."""

    def _step(self, now: Instant) -> Step:
        return replace(super()._step(now), run=None)


class Writer(MessageWriter):
    """Keeps each lag."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[float] = []

    def count_lags(self, lags: Sequence[float], more: float = 0.0) -> None:
        assert [*lags] == sorted(lags)
        self.lags += (lag + more for lag in lags)
        super().count_lags(lags, more)


class World:
    """Some connections of one session, and everything that can be observed of them."""

    def __init__(self, machine: type[SessionMachine], loop: VirtualLoop) -> None:
        self._loop = loop
        self._units = 0.0
        self.sent: list[list[tuple[float, dict[str, Any]]]] = [[] for _ in range(CONNECTIONS)]
        """The messages of each connection with their times. What connections do at one time has no defined order."""
        self.events: list[tuple[float, Event]] = []
        self.store = Store()
        self.writer = Writer()
        ticker = Ticker(self._now)
        services = Services(
            store=self.store,
            engine=Engine(),
            ids=Ids(),
            recorder=self,
            ticker=ticker,
            pacer=Pacer(ticker, self.writer),
            writer=self.writer,
            clock=self._now,
        )
        snapshot = SessionSnapshot("s-1", "1", 0, LIMITS.max_session_seconds)
        self.sockets = [Socket(self._writing_to(number)) for number in range(CONNECTIONS)]
        self.drivers = [
            Driver(
                socket,
                machine(snapshot, "s-1", f"c-{number}", LIMITS, self._now(), token=f"token {number}"),
                services,
                lambda _driver, socket=socket: socket.ended.set(),  # type: ignore[misc]
                "a client",
            )
            for number, socket in enumerate(self.sockets)
        ]

    def record(self, event: Event) -> None:
        self.events.append((self._loop.time(), event))

    async def live(self, actions: list[Action]) -> None:
        """Perform the actions, and let all connections end."""
        for driver in self.drivers:
            driver.start()
        for number, name, argument in actions:
            await self.wait(number, 1)
            await getattr(self, name)(number, argument)
        await asyncio.sleep(1)
        for driver in self.drivers:
            driver.drain(self._loop.time() + 1)
        for socket in self.sockets:
            await socket.ended.wait()

    async def wait(self, _number: int, units: float) -> None:
        self._units += units
        await asyncio.sleep(self._units * UNIT_SECONDS - self._loop.time())

    async def stall_process(self, _number: int, units: int) -> None:
        self._units += units
        self._loop.stall(units * UNIT_SECONDS)

    async def request(self, number: int, argument: tuple[int, Speed, HtmlMode]) -> None:
        words, speed, mode = argument
        content = " ".join(f"{number}/{word}é" for word in range(words))
        self.sockets[number].receive(type="stream_request", content=content, speed=speed, html_mode=mode)

    async def control(self, number: int, action: str) -> None:
        self.sockets[number].receive(type="stream_control", action=action)

    async def ping(self, number: int, _argument: None) -> None:
        self.sockets[number].receive(type="ping")

    async def recover(self, number: int, behind: int) -> None:
        """Take over the stream that another connection started last."""
        streams = [*self.store.memory.records]
        if streams:
            owner = (number + 1) % CONNECTIONS
            last = max((message.get("index", -1) for _, message in self.sent[owner]), default=-1)
            index = max(-1, last - behind)
            self.sockets[number].receive(
                type="recover", stream_id=streams[-1], last_index=index, token=f"token {owner}"
            )

    async def stall_peer(self, number: int, _argument: None) -> None:
        self.sockets[number].stalled = True

    async def read_some(self, number: int, _argument: None) -> None:
        self.sockets[number].undelivered_bytes //= 2

    async def read_all(self, number: int, _argument: None) -> None:
        self.sockets[number].accept_all()

    async def fail_store(self, _number: int, unavailable: bool) -> None:
        self.store.memory.unavailable = unavailable

    async def lose_lease(self, number: int, _argument: None) -> None:
        driver = self.drivers[number]
        if driver.leased_stream is not None:
            driver.lose_lease(*driver.leased_stream)

    async def drain(self, number: int, _argument: None) -> None:
        self.drivers[number].drain(self._loop.time() + 1)

    async def lose_connection(self, number: int, _argument: None) -> None:
        self.sockets[number].abort()

    def _writing_to(self, number: int) -> Callable[[bytes], None]:
        def write(frame: bytes) -> None:
            self.sent[number].append((self._loop.time(), message_in(frame)))

        return write

    def _now(self) -> Instant:
        return Instant(self._loop.time(), WALL + self._loop.time())


def live(machine: type[SessionMachine], actions: list[Action]) -> World:
    async def main() -> World:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        world = World(machine, loop)
        await world.live(actions)
        return world

    return run_virtually(main())


def action(name: str, argument: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Action]:
    return st.tuples(st.integers(0, CONNECTIONS - 1), st.just(name), st.none() if argument is None else argument)


speeds = st.sampled_from([Speed.SUPERFAST, Speed.SUPERFAST, Speed.FAST, Speed.NORMAL])
requests = action("request", st.tuples(st.integers(1, 60), speeds, st.sampled_from(HtmlMode)))
waits = action("wait", st.integers(0, 300))
actions = st.one_of(
    requests,
    waits,
    waits,
    waits,
    action("stall_process", st.integers(0, 120)),
    action("control", st.sampled_from(["pause", "resume", "resume", "skip", "cancel"])),
    action("ping"),
    action("recover", st.integers(0, 3)),
    action("stall_peer"),
    action("read_some"),
    action("read_all"),
    action("read_all"),
    action("fail_store", st.booleans()),
    action("lose_lease"),
    action("drain"),
    action("lose_connection"),
)
"""Mostly something that runs."""

REQUEST: Action = (0, "request", (3, Speed.SUPERFAST, HtmlMode.FRAGMENT))
PROGRESS: list[Action] = [(0, "stall_peer", None), (0, "control", "pause"), (0, "read_some", None)]
"""The connection is blocked, and some of what was sent is accepted."""


@given(first=st.lists(requests, max_size=CONNECTIONS), then=st.lists(actions, max_size=40))
@example(first=[REQUEST], then=[])
@example(first=[REQUEST, REQUEST, (1, "request", (2, Speed.NORMAL, HtmlMode.FRAGMENT))], then=[(0, "control", "skip")])
@example(first=[REQUEST], then=PROGRESS)
@scaled(4)
def test_the_pacer_sends_what_the_machines_would_at_the_same_times(first: list[Action], then: list[Action]) -> None:
    paced, ticked = (live(machine, first + then) for machine in (SessionMachine, TickedMachine))
    assert paced.sent == ticked.sent
    assert sorted(paced.events, key=repr) == sorted(ticked.events, key=repr)
    by_stream = attrgetter("stream_id", "epoch")
    updates = (sorted(world.store.memory.status_updates, key=by_stream) for world in (paced, ticked))
    assert next(updates) == next(updates)
    assert paced.store.memory.records == ticked.store.memory.records
    assert sorted(paced.writer.lags) == pytest.approx(sorted(ticked.writer.lags), abs=1e-6)
    counts, counts_of_ticked = (world.writer.take_counts() for world in (paced, ticked))
    assert counts is not None
    assert counts_of_ticked is not None
    assert (counts.counts, counts.bytes) == (counts_of_ticked.counts, counts_of_ticked.bytes)
    assert sum(counts.chunk_lags.counts) == len(paced.writer.lags) <= counts.counts[Chunk]
    if "skip" not in {argument for _, name, argument in then if name == "control"}:
        assert len(paced.writer.lags) == counts.counts[Chunk]
    assert not any(isinstance(event, FaultRaised) for _, event in paced.events)


@pytest.mark.parametrize("units", [-0.4, 0, 0.4])
def test_a_message_at_the_stalled_deadline_does_not_end_a_connection_with_progress(units: float) -> None:
    """Some of these times of messages are between the deadline and the wake-up of the ticker."""
    wait = LIMITS.chunk_timeout_seconds / UNIT_SECONDS - 4 + units
    world = live(SessionMachine, [REQUEST, *PROGRESS, (0, "wait", wait), *[(0, "ping", None)] * 4])
    blocked_at, ended_at = (
        next(at for at, event in world.events if isinstance(event, kind)) for kind in (BackpressureApplied, StreamEnded)
    )
    assert ended_at - blocked_at > 1.9 * LIMITS.chunk_timeout_seconds


@pytest.mark.parametrize("machine", [SessionMachine, TickedMachine])
@pytest.mark.parametrize(
    ("speed", "stall", "most"),
    [(Speed.NORMAL, 190, 0.26), (Speed.NORMAL, 1500, 2.06), (Speed.SUPERFAST, 20, 0.04), (Speed.SUPERFAST, 730, 1.01)],
)
def test_chunks_are_late_by_the_time_since_they_were_due(
    machine: type[SessionMachine], speed: Speed, stall: int, most: float
) -> None:
    """Three streams stand still once, for ``stall`` units: little, so that they catch up, or too long for that."""
    begin: list[Action] = [(number, "request", (30, speed, HtmlMode.FRAGMENT)) for number in range(CONNECTIONS)]
    world = live(machine, [*begin, (0, "wait", 301), (0, "stall_process", stall), (0, "wait", 3000)])
    expected: list[float] = []
    for sent in world.sent:
        times = [at for at, message in sent if message["type"] == "chunk"]
        assert len(times) == 30
        due = times[0]
        for at in times:
            expected.append(at - due)
            rebased = at - due > 3 * GAP_SECONDS[speed]
            due = (at if rebased else due) + GAP_SECONDS[speed]
    assert sorted(world.writer.lags) == pytest.approx(sorted(expected), abs=1e-6)
    assert most - 0.1 < max(expected) < most
    counts = world.writer.take_counts()
    assert counts is not None
    assert sum(counts.chunk_lags.counts) == counts.counts[Chunk] == 30 * CONNECTIONS
    assert counts.chunk_lags.seconds == pytest.approx(sum(expected))


@pytest.mark.parametrize("machine", [SessionMachine, TickedMachine])
def test_no_chunk_is_late_because_its_client_does_not_read_or_pauses(machine: type[SessionMachine]) -> None:
    held: list[Action] = [
        (0, "request", (30, Speed.SUPERFAST, HtmlMode.FRAGMENT)),
        (0, "wait", 100),
        (0, "stall_peer", None),
        (0, "wait", 700),
        (0, "read_all", None),
        (0, "wait", 100),
        (0, "control", "pause"),
        (0, "wait", 700),
        (0, "control", "resume"),
        (0, "wait", 1000),
    ]
    world = live(machine, held)
    assert [message["type"] for _, message in world.sent[0]].count("chunk") == len(world.writer.lags) == 30
    assert max(world.writer.lags) < 2 * QUANTUM_SECONDS
