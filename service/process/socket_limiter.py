"""Which sockets a process keeps when clients open more than it may have.

A further socket is accepted always, and the one without a session that has waited longest is closed for it. So a
client that sends its request at once is served, health checks among them, however many sockets others open and leave.
If instead the further sockets had to wait, those that send nothing would hold the places.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import cast

from msgspec import Struct, field

from service.events import AttemptOutcome, ConnectionAttempted, DropReason, PendingSocketsCounted, SocketDropped
from service.session.ports import Recorder
from service.websocket.address_connections import AddressConnections
from service.websocket.pending_connection import PendingSocket

_ACCEPTS_A_PASS = 64
"""What is accepted at once delays all streams by a tenth of a millisecond for each."""

RESERVED_SOCKETS = 16
"""Sockets that no handshake may take, so that there is always room for a further one."""


class SocketLimits(Struct, frozen=True):
    max_pending: int
    """Sockets without a session."""
    max_sockets: int
    """All sockets: what the descriptors of the process allow."""


class _Evictable(Struct):
    """Sockets that may be closed for others, each phase in the order in which they entered it."""

    idle: dict[PendingSocket, None] = field(default_factory=dict)
    waiting: dict[PendingSocket, None] = field(default_factory=dict)

    @property
    def oldest(self) -> PendingSocket | None:
        """The one that has waited longest; first those that have their response, or do not read it."""
        return next(iter(self.idle), None) or next(iter(self.waiting), None)

    def discard(self, socket: PendingSocket) -> None:
        self.idle.pop(socket, None)
        self.waiting.pop(socket, None)

    def __len__(self) -> int:
        return len(self.idle) + len(self.waiting)


class SocketLimiter:
    """The sockets that have no session. WebSockets are counted for the limit of their address."""

    def __init__(
        self,
        limits: SocketLimits,
        addresses: AddressConnections,
        sockets: Callable[[], int],
        sessions: Callable[[], int],
        recorder: Recorder,
    ) -> None:
        """``sockets`` returns the number of open sockets, and ``sessions`` how many of them have a session.

        An address may have as many sockets without a request as connections.
        """
        self._limits = limits
        self._addresses = addresses
        self._sockets = sockets
        self._sessions = sessions
        self._recorder = recorder
        self._evictable = _Evictable()
        self._evictable_of: defaultdict[str, _Evictable] = defaultdict(_Evictable)
        """By address, where there is a limit for each."""
        self._address_of: dict[asyncio.BaseTransport, str] = {}
        """By the transport, which remains the same when a socket changes from HTTP to WebSocket."""
        self._reported = 0

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
        """Close the oldest socket that may be closed; return ``False`` if there is none."""
        oldest = self._evictable.oldest
        if oldest is None:
            return False
        self._evict(oldest)
        return True

    # The phases of a socket

    def wait(self, socket: PendingSocket) -> None:
        """The socket was opened, or a request has begun to arrive on it."""
        self.forget(socket)
        self._evictable.waiting[socket] = None
        if self._counts(socket.address):
            self._evictable_of[socket.address].waiting[socket] = None

    def limit_address(self, socket: PendingSocket) -> None:
        """The address of a socket that waits became known: close the oldest of the same, if there are too many."""
        self.wait(socket)
        same = self._evictable_of.get(socket.address)
        if same is not None and len(same) > cast("int", self._addresses.most):
            self._evict(cast("PendingSocket", same.oldest))

    def idle(self, socket: PendingSocket) -> None:
        """It has its response, or does not read it."""
        self.forget(socket)
        self._evictable.idle[socket] = None
        if self._counts(socket.address):
            self._evictable_of[socket.address].idle[socket] = None

    def forget(self, socket: PendingSocket) -> None:
        """It is not closed for others: its request is complete, it is closed, or it is no longer HTTP."""
        self._evictable.discard(socket)
        if (same := self._evictable_of.get(socket.address)) is not None:
            same.discard(socket)
            if not same:
                del self._evictable_of[socket.address]

    # Handshakes

    def admit_handshake(self, address: str, transport: asyncio.BaseTransport) -> AttemptOutcome | None:
        """Return ``None`` and count the WebSocket until ``release``, or return why it is refused."""
        refusal = self._refusal(address)
        if refusal is not None:
            self._recorder.record(ConnectionAttempted(refusal))
        elif self._counts(address):
            self._address_of[transport] = address
            self._addresses.add(address)
        return refusal

    def release(self, transport: asyncio.BaseTransport) -> None:
        """The transport is lost. It may be one that was not admitted."""
        address = self._address_of.pop(transport, None)
        if address is not None:
            self._addresses.release(address)

    def _refusal(self, address: str) -> AttemptOutcome | None:
        evictable = len(self._evictable)
        if (
            self.pending - evictable >= self._limits.max_pending - RESERVED_SOCKETS
            or self._sockets() - evictable >= self._limits.max_sockets - RESERVED_SOCKETS
        ):
            return AttemptOutcome.REFUSED_CAPACITY
        if self._addresses.is_full(address):
            return AttemptOutcome.REFUSED_ADDRESS
        return None

    def report(self) -> None:
        """Record the number of sockets without a session, if it has changed since the last call."""
        if self.pending != self._reported:
            self._reported = self.pending
            self._recorder.record(PendingSocketsCounted(self._reported))

    def _counts(self, address: str) -> bool:
        return self._addresses.most is not None and bool(address)

    def _evict(self, socket: PendingSocket) -> None:
        self.forget(socket)
        socket.evict()
        self._recorder.record(SocketDropped(DropReason.EVICTED))
