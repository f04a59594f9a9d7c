"""Which sockets a process keeps when clients open more than it may have.

A further socket is accepted always, and the one without a session that has waited longest is closed for it. So a
client that sends its request at once is served, health checks among them, however many sockets others open and leave.
If instead the further sockets had to wait, those that send nothing would hold the places.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from service.events import AttemptOutcome, ConnectionAttempted, DropReason, PendingSocketsCounted, SocketDropped
from service.session.ports import Recorder

_ACCEPTS_A_PASS = 64
"""What is accepted at once delays all streams by a tenth of a millisecond for each."""

RESERVED_SOCKETS = 16
"""Sockets that no handshake may take, so that there is always room for a further one."""


class HttpSocket(Protocol):
    """A socket that has no session, and may never have one."""

    address: str
    """The address of the client as limits count it; empty if it is unknown, or that of a trusted proxy."""

    def evict(self) -> None:
        """Close at once."""


class Transport(Protocol):
    """What remains the same when a socket changes from HTTP to WebSocket."""

    def is_closing(self) -> bool: ...


class SocketLimits(Struct, frozen=True):
    max_pending: int
    """Sockets without a session."""
    max_sockets: int
    """All sockets: what the descriptors of the process allow."""
    max_per_address: int | None = None
    """WebSockets of one address, and as many sockets without a request; ``None`` does not limit them."""


class SocketLimiter:
    """The sockets that have no session, in the order in which they may be closed."""

    def __init__(
        self, limits: SocketLimits, sockets: Callable[[], int], sessions: Callable[[], int], recorder: Recorder
    ) -> None:
        """``sockets`` returns the number of open sockets, and ``sessions`` how many of them have a session."""
        self._limits = limits
        self._sockets = sockets
        self._sessions = sessions
        self._recorder = recorder
        self._idle: dict[HttpSocket, None] = {}
        self._waiting: dict[HttpSocket, None] = {}
        self._answering: set[HttpSocket] = set()
        self._reported = 0
        self._websockets: defaultdict[str, set[Transport]] = defaultdict(set)

    @property
    def accepts_a_pass(self) -> int:
        """How many sockets may be accepted in one pass of the event loop.

        A socket is closed for others after 16 passes at the earliest, so that a request that came with it is read.
        """
        return max(1, min(_ACCEPTS_A_PASS, self._limits.max_pending // 16, self._limits.max_sockets // 16))

    @property
    def pending(self) -> int:
        """Open sockets without a session."""
        return self._sockets() - self._sessions()

    def make_room(self) -> bool:
        """Close sockets until one more may be accepted; return ``False`` if there is none that may be closed."""
        while self.pending >= self._limits.max_pending or self._sockets() >= self._limits.max_sockets:
            if not self.evict_one():
                return False
        return True

    def evict_one(self) -> bool:
        """Close the socket that has waited longest; first those that have their response, or do not read it."""
        oldest = next(iter(self._idle), None) or next(iter(self._waiting), None)
        if oldest is None:
            return False
        self._evict(oldest)
        return True

    # The phases of a socket

    def wait(self, socket: HttpSocket) -> None:
        """The socket was opened, or a request has begun to arrive on it."""
        self.forget(socket)
        self._waiting[socket] = None

    def limit_address(self, socket: HttpSocket) -> None:
        """Close the oldest socket of the same address, if there are too many."""
        if self._limits.max_per_address is None or not socket.address:
            return
        same = [other for group in (self._idle, self._waiting) for other in group if other.address == socket.address]
        if len(same) > self._limits.max_per_address:
            self._evict(same[0])

    def answer(self, socket: HttpSocket) -> None:
        """Its request is complete: it is not closed for others."""
        self.forget(socket)
        self._answering.add(socket)

    def idle(self, socket: HttpSocket) -> None:
        """It has its response, or does not read it."""
        self.forget(socket)
        self._idle[socket] = None

    def forget(self, socket: HttpSocket) -> None:
        """It is closed, or no longer HTTP."""
        self._idle.pop(socket, None)
        self._waiting.pop(socket, None)
        self._answering.discard(socket)

    # Handshakes

    def admit_handshake(self, address: str, transport: Transport) -> AttemptOutcome | None:
        """Return ``None`` and count the WebSocket until its transport closes, or return why it is refused."""
        refusal = self._refusal(address)
        if refusal is not None:
            self._recorder.record(ConnectionAttempted(refusal))
        elif self._limits.max_per_address is not None and address:
            self._websockets[address].add(transport)
        return refusal

    def _refusal(self, address: str) -> AttemptOutcome | None:
        evictable = len(self._idle) + len(self._waiting)
        if (
            self.pending - evictable >= self._limits.max_pending - RESERVED_SOCKETS
            or self._sockets() - evictable >= self._limits.max_sockets - RESERVED_SOCKETS
        ):
            return AttemptOutcome.REFUSED_CAPACITY
        if self._limits.max_per_address is None or address not in self._websockets:
            return None
        self._forget_closed(address)
        if len(self._websockets[address]) >= self._limits.max_per_address:
            return AttemptOutcome.REFUSED_ADDRESS
        return None

    def report(self) -> None:
        """Record what has changed since the last call, and release the transports of closed WebSockets."""
        if self.pending != self._reported:
            self._reported = self.pending
            self._recorder.record(PendingSocketsCounted(self._reported))
        for address in tuple(self._websockets):
            self._forget_closed(address)
            if not self._websockets[address]:
                del self._websockets[address]

    def _forget_closed(self, address: str) -> None:
        self._websockets[address] = {one for one in self._websockets[address] if not one.is_closing()}

    def _evict(self, socket: HttpSocket) -> None:
        self.forget(socket)
        socket.evict()
        self._recorder.record(SocketDropped(DropReason.EVICTED))
