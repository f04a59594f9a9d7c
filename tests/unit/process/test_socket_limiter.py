"""Which socket is closed for a further one, and which handshake is refused."""

import asyncio
from collections import Counter
from typing import cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from service.events import AttemptOutcome, ConnectionAttempted, DropReason, Event, SocketDropped
from service.process.socket_limiter import RESERVED_SOCKETS, SocketLimiter, SocketLimits
from service.websocket.address_connections import AddressConnections


class Process:
    """The sockets of a process; fulfils ``Recorder``."""

    def __init__(self, max_pending: int, max_sockets: int, max_per_address: int | None = None) -> None:
        self.open: set[object] = set()
        self.sessions = 0
        self.events: list[Event] = []
        limits = SocketLimits(max_pending, max_sockets)
        self.addresses = AddressConnections(max_per_address)
        self.limiter = SocketLimiter(limits, self.addresses, lambda: len(self.open), lambda: self.sessions, self)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def accept(self, address: str = "") -> "Socket | None":
        if not self.limiter.make_room():
            return None
        socket = Socket(self, address)
        self.open.add(socket)
        self.limiter.wait(socket)
        self.limiter.limit_address(socket)
        return socket

    def handshake(self, address: str = "") -> "Socket | AttemptOutcome":
        """A WebSocket, or why there is none."""
        socket = self.accept(address)
        assert socket is not None
        refusal = self.limiter.admit_handshake(address, cast("asyncio.BaseTransport", socket))
        self.limiter.forget(socket)
        if refusal is not None:
            socket.close()
        return refusal or socket


class Socket:
    """Fulfils ``PendingSocket``, and is its own transport."""

    def __init__(self, process: Process, address: str) -> None:
        self.process = process
        self.address = address

    def is_closing(self) -> bool:
        return self not in self.process.open

    def evict(self) -> None:
        self.process.open.discard(self)

    def close(self) -> None:
        self.process.limiter.forget(self)
        self.process.limiter.release(cast("asyncio.BaseTransport", self))
        self.process.open.discard(self)


def accepted(process: Process, count: int, address: str = "") -> list[Socket]:
    sockets = [process.accept(address) for _ in range(count)]
    return [socket for socket in sockets if socket is not None]


def test_the_socket_that_has_waited_longest_is_closed_for_a_further_one() -> None:
    process = Process(max_pending=3, max_sockets=100)
    first, second, third = accepted(process, 3)
    process.limiter.wait(first)  # its request begins only now
    fourth = process.accept()
    assert process.open == {first, third, fourth}
    assert second.is_closing()
    assert process.events == [SocketDropped(DropReason.EVICTED)]


def test_one_that_has_its_response_is_closed_first_and_one_that_waits_for_it_never() -> None:
    process = Process(max_pending=3, max_sockets=100)
    answering, waiting, idle = accepted(process, 3)
    process.limiter.forget(answering)
    process.limiter.idle(idle)
    later = accepted(process, 2)
    assert process.open == {answering, *later}
    for socket in later:
        process.limiter.forget(socket)
    assert process.accept() is None
    assert process.open == {answering, *later}
    assert waiting.is_closing()


def test_sessions_count_against_the_descriptors_only() -> None:
    process = Process(max_pending=3, max_sockets=5)
    process.open.update("abcd")
    process.sessions = 4
    [first] = accepted(process, 1)
    [second] = accepted(process, 1)
    assert first.is_closing()
    assert not second.is_closing()


def test_handshakes_leave_a_reserve() -> None:
    process = Process(max_pending=RESERVED_SOCKETS + 3, max_sockets=100)
    accepted(process, RESERVED_SOCKETS + 3)  # that only wait take no room from a handshake
    outcomes = [process.handshake() for _ in range(4)]
    assert [isinstance(outcome, Socket) for outcome in outcomes] == [True, True, True, False]
    assert outcomes[3] is AttemptOutcome.REFUSED_CAPACITY
    assert ConnectionAttempted(AttemptOutcome.REFUSED_CAPACITY) in process.events
    process.sessions = 3
    assert isinstance(process.handshake(), Socket)


def test_an_address_has_its_own_limit_until_one_of_its_sockets_closes() -> None:
    process = Process(max_pending=100, max_sockets=1000, max_per_address=2)
    first, _ = [process.handshake("192.0.2.1") for _ in range(2)]
    assert process.handshake("192.0.2.1") is AttemptOutcome.REFUSED_ADDRESS
    assert isinstance(process.handshake("192.0.2.2"), Socket)
    assert isinstance(process.handshake(""), Socket)
    assert isinstance(first, Socket)
    first.close()
    assert isinstance(process.handshake("192.0.2.1"), Socket)


def test_an_address_has_a_limit_of_sockets_that_wait() -> None:
    process = Process(max_pending=100, max_sockets=1000, max_per_address=2)
    first, *others = accepted(process, 3, "192.0.2.1")
    unknown = accepted(process, 3)
    assert process.open == {*others, *unknown}
    assert first.is_closing()


@pytest.mark.parametrize(("max_pending", "accepts"), [(2000, 64), (128, 8), (1, 1)])
def test_a_socket_outlives_many_passes(max_pending: int, accepts: int) -> None:
    assert Process(max_pending, 10_000).limiter.accepts_a_pass == accepts


class Door(RuleBasedStateMachine):
    """In any order: no limit is exceeded, there is room while a socket waits for its request, and nothing is left."""

    sockets = Bundle("sockets")

    @initialize(pending=st.integers(1, 5), descriptors=st.integers(1, 8))
    def begin(self, pending: int, descriptors: int) -> None:
        self.process = Process(pending, descriptors, max_per_address=2)
        self.answering: set[Socket] = set()

    @rule(target=sockets, address=st.sampled_from(["", "192.0.2.1", "192.0.2.2"]))
    def accept(self, address: str) -> Socket | None:
        socket = self.process.accept(address)
        assert (socket is None) == (
            len(self.answering)
            >= min(self.process.limiter._limits.max_pending, self.process.limiter._limits.max_sockets)  # noqa: SLF001 - of this test
        )
        return socket

    @rule(socket=sockets)
    def answer(self, socket: Socket | None) -> None:
        if socket is not None and not socket.is_closing():
            self.process.limiter.forget(socket)
            self.answering.add(socket)

    @rule(socket=sockets, again=st.booleans())
    def answered(self, socket: Socket | None, again: bool) -> None:
        if socket in self.answering:
            self.answering.discard(socket)
            (self.process.limiter.wait if again else self.process.limiter.idle)(socket)

    @rule(socket=consumes(sockets))
    def close(self, socket: Socket | None) -> None:
        if socket is not None:
            socket.close()
            self.answering.discard(socket)

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        limits = self.process.limiter._limits  # noqa: SLF001 - of this test
        assert self.process.limiter.pending <= limits.max_pending
        assert len(self.process.open) <= limits.max_sockets
        assert self.answering <= self.process.open

    @invariant()
    def only_sockets_that_may_be_closed_are_kept(self) -> None:
        kept = self.process.limiter._evictable_of  # noqa: SLF001 - of this test
        evictable = [socket for socket in self.process.open - self.answering if isinstance(socket, Socket)]
        assert len(self.process.limiter._evictable) == len(evictable)  # noqa: SLF001 - of this test
        assert {address: len(same) for address, same in kept.items()} == Counter(
            socket.address for socket in evictable if socket.address
        )


TestDoor = Door.TestCase
