"""Connections whose runs the pacer sends, side by side with connections whose machines are ticked for every chunk."""

import asyncio
import json
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.content import pack_plan, unpack_plan
from service.content.plan import Plan
from service.events import Event, FaultRaised
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import HtmlMode, Speed, StreamRequest
from service.protocol.trace import Trace, TraceContext
from service.session.effects import (
    AcquireStream,
    AcquisitionDecided,
    EffectResult,
    GetStream,
    MarkSkip,
    PutStream,
    SkipMarked,
    StoreFailed,
    StreamFetched,
    UpdateStatus,
)
from service.session.machine import SessionMachine
from service.session.ports import Preparation, Receiver, StoreUnavailable
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus
from service.session.step import Step
from service.websocket.driver import Driver
from service.websocket.effect_handler import Services
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.ticker import Ticker
from tests.profiles import scaled
from tests.unit.session.conversation import TRACE, WALL, plan_of
from tests.unit.session.memory_store import MemoryStore, StoreEffect
from tests.unit.websocket.test_driver import message_in
from tests.virtual_time import VirtualLoop, run_virtually

LIMITS = Limits(max_session_seconds=12, idle_timeout_seconds=5, chunk_timeout_seconds=2)
CONNECTIONS = 3
UNIT_SECONDS = 0.00137
"""Times are multiples of it, and so never on the grid of the ticker: what happens at one time has no defined order."""

Action = tuple[int, str, Any]
"""A connection, what happens to it or to all, and with which argument."""


class TickedMachine(SessionMachine):
    """Returns no runs."""

    def _step(self, now: Instant) -> Step:
        return replace(super()._step(now), run=None)


class Store:
    """The store of the machine's tests, with coroutines."""

    def __init__(self) -> None:
        self.memory = MemoryStore()

    async def open(self, session_id: str) -> SessionSnapshot:
        raise NotImplementedError

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        raise NotImplementedError

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        return Admission(admitted=True, requests_used=snapshot.requests_used + 1)

    async def charge_repetition(self, snapshot: SessionSnapshot, stream_id: str) -> Admission:
        return Admission(admitted=True, requests_used=snapshot.requests_used)

    async def put(self, record: StreamRecord) -> None:
        self._perform(PutStream(0, record))

    async def get(self, stream_id: str) -> StreamRecord | None:
        fetched = self._perform(GetStream(0, stream_id))
        assert isinstance(fetched, StreamFetched)
        return fetched.record

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        decision = self._perform(AcquireStream(0, stream_id, epoch, owner, TRACE))
        assert isinstance(decision, AcquisitionDecided)
        return decision.acquired

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        mark = self._perform(MarkSkip(0, stream_id, TRACE, epoch, index, settled))
        assert isinstance(mark, SkipMarked)
        return mark.marked

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        raise NotImplementedError

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        self.memory.update_status(UpdateStatus(stream_id, epoch, status))

    async def close(self) -> None:
        """Nothing is open."""

    def _perform(self, effect: StoreEffect) -> EffectResult:
        result = self.memory.perform(effect)
        if isinstance(result, StoreFailed):
            raise StoreUnavailable
        return result


class Engine:
    """A chunk for each word, in incremental mode with a close text."""

    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        words = [f"{word} " for word in request.content.split()]
        closes = [f"</{index % 3}>" for index in range(len(words))]
        incremental = request.html_mode is HtmlMode.INCREMENTAL
        plan = plan_of(words, request.speed, 40, closes if incremental else None)
        return Preparation(plan, 0.002, packed=pack_plan(plan))

    async def find(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation | None:
        return None

    async def unpack_plan(self, plan: bytes, client: str = "") -> Plan:
        return unpack_plan(plan)

    def close(self) -> None:
        """There is no work."""


class Ids:
    """Ids in order."""

    def __init__(self) -> None:
        self._count = 0

    def new_id(self) -> str:
        self._count += 1
        return f"id-{self._count}"

    def new_token(self) -> str:
        raise NotImplementedError

    def new_trace(self, parent: TraceContext | None) -> Trace:
        return TRACE

    def continue_trace(self, trace: Trace) -> Trace:
        return trace


class Socket:
    """A connection whose peer reads everything, unless it is stalled."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._receiver: Receiver | None = None
        self.open = True
        self.ended = asyncio.Event()
        self.stalled = self.blocked = False
        self.undelivered_bytes = 0

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def write(self, frame: bytes) -> None:
        if self.open:
            self._write(frame)
            if self.stalled:
                self.blocked = True
                self.undelivered_bytes += len(frame)

    def close(self, code: int, reason: str) -> None:
        if self.open:
            self.open = False
            asyncio.get_running_loop().call_soon(self._end, code)

    def abort(self) -> None:
        self.close(1006, "")

    def receive(self, **message: object) -> None:
        if self.open and self._receiver is not None:
            text = json.dumps(message)
            self._receiver.message_received(text, len(text))

    def _end(self, code: int) -> None:
        assert self._receiver is not None
        self._receiver.connection_ended(code)

    def accept_all(self) -> None:
        """The peer reads again."""
        self.stalled = False
        self.undelivered_bytes = 0
        if self.blocked and self.open and self._receiver is not None:
            self.blocked = False
            self._receiver.unblocked()


class World:
    """Some connections of one session, and everything that can be observed of them."""

    def __init__(self, machine: type[SessionMachine], loop: VirtualLoop) -> None:
        self._loop = loop
        self.sent: list[list[tuple[float, dict[str, Any]]]] = [[] for _ in range(CONNECTIONS)]
        """The messages of each connection with their times. What connections do at one time has no defined order."""
        self.events: list[tuple[float, Event]] = []
        self.store = Store()
        self.writer = MessageWriter()
        ticker = Ticker(self._now, lambda _lag: None)
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
                machine(snapshot, f"c-{number}", LIMITS, self._now(), f"token {number}"),
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
            await asyncio.sleep(UNIT_SECONDS)
            await getattr(self, name)(number, argument)
        await asyncio.sleep(1)
        for driver in self.drivers:
            driver.drain(self._loop.time() + 1)
        for socket in self.sockets:
            await socket.ended.wait()

    async def wait(self, _number: int, units: int) -> None:
        await asyncio.sleep(units * UNIT_SECONDS)

    async def stall_process(self, _number: int, units: int) -> None:
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


@given(first=st.lists(requests, max_size=CONNECTIONS), then=st.lists(actions, max_size=40))
@scaled(4)
def test_the_pacer_sends_what_the_machines_would_at_the_same_times(first: list[Action], then: list[Action]) -> None:
    paced, ticked = (live(machine, first + then) for machine in (SessionMachine, TickedMachine))
    assert paced.sent == ticked.sent
    assert sorted(paced.events, key=repr) == sorted(ticked.events, key=repr)
    by_stream = attrgetter("stream_id", "epoch")
    updates = (sorted(world.store.memory.status_updates, key=by_stream) for world in (paced, ticked))
    assert next(updates) == next(updates)
    assert paced.store.memory.records == ticked.store.memory.records
    assert paced.writer.take_counts() == ticked.writer.take_counts()
    assert not any(isinstance(event, FaultRaised) for _, event in paced.events)
