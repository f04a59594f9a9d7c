"""The registry of the connections of this process: its capacity, and the drain before a shutdown."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from service.access.principal import Principal
from service.events import DrainEnded, DrainStarted
from service.protocol.instant import Instant
from service.session.ports import Recorder
from service.websocket.address_connections import AddressConnections
from service.websocket.drain_schedule import DrainSchedule, interrupted_return

_POLL_SECONDS = 0.02


class Member(Protocol):
    """A registered connection."""

    @property
    def idle(self) -> bool:
        """Whether no stream is being prepared, recovered or delivered."""

    @property
    def leased_stream(self) -> tuple[str, int] | None:
        """The id and the epoch of the current stream, if it has started and is in the store."""

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Another connection acquired the stream that this one leased at ``epoch``."""

    @property
    def principal(self) -> Principal | None:
        """Who is connected; ``None`` without authentication."""

    def revoke(self) -> None:
        """The token was revoked: close now."""

    def drain(self, returns_at: float) -> None:
        """Start no stream, and close after the active one. The client may connect again at ``returns_at``."""

    def shutdown(self, returns_at: float) -> None:
        """Close now. The client may connect again at ``returns_at``, in monotonic seconds."""


class Reader(Protocol):
    """A connection of a session, which receives its live streams."""

    @property
    def session_key(self) -> str:
        """Of the session of the connection."""

    def offer_live(self, stream_id: str) -> None:
        """The session has a live stream."""


class Waiting(Protocol):
    """A connection that has no session yet, and no capacity."""

    def shutdown(self, returns_at: float) -> None:
        """Close now. The client may connect again at ``returns_at``, in monotonic seconds."""


class Hub:
    """Counts and registers connections. No method awaits a send, so no client can hold back another here."""

    def __init__(
        self,
        max_connections: int,
        recorder: Recorder,
        clock: Callable[[], Instant],
        max_connections_per_address: int | None = None,
    ) -> None:
        self.max_connections = max_connections
        self.addresses = AddressConnections(max_connections_per_address)
        self._recorder = recorder
        self._clock = clock
        self._members: set[Member] = set()
        self._readers: dict[str, set[Reader]] = {}
        """By the keys of their sessions."""
        self._pending: set[Waiting] = set()
        self.connections = 0
        """Accepted connections, including those whose session is not open yet."""
        self.draining = False
        """Set once, when the process starts to shut down."""
        self._first_return_at = 0.0
        """When the first client of a drain may connect again, in monotonic seconds."""

    def reserve(self) -> bool:
        """Reserve capacity for one connection until ``release``; return ``False`` if there is none."""
        reserved = self.connections < self.max_connections
        self.connections += reserved
        return reserved

    def release(self) -> None:
        self.connections -= 1

    def register(self, member: Member) -> None:
        """Register a connection until ``discard``."""
        self._members.add(member)
        if self.draining:
            member.shutdown(self._first_return_at)

    def discard(self, member: Member) -> None:
        self._members.discard(member)

    def add_reader(self, reader: Reader) -> None:
        """Offer it the live streams of its session until ``remove_reader``."""
        self._readers.setdefault(reader.session_key, set()).add(reader)

    def remove_reader(self, reader: Reader) -> None:
        readers = self._readers.get(reader.session_key, set())
        readers.discard(reader)
        if not readers:
            self._readers.pop(reader.session_key, None)

    def offer_live(self, session_key: str, stream_id: str) -> None:
        """Offer a live stream that was created to all connections of its session."""
        for reader in tuple(self._readers.get(session_key, ())):
            reader.offer_live(stream_id)

    def add_pending(self, waiting: Waiting) -> None:
        """Register a connection without a session until ``discard_pending``."""
        self._pending.add(waiting)
        if self.draining:
            waiting.shutdown(self._first_return_at)

    def discard_pending(self, waiting: Waiting) -> None:
        self._pending.discard(waiting)

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members))

    async def drain(
        self, seconds: float, restart_seconds: float, is_forced: Callable[[], bool], *, workers: int = 1
    ) -> None:
        """Close all connections within ``seconds``, or when ``is_forced()``.

        Those without a stream close one after the other; active streams may end first, and are interrupted at the end.
        ``restart_seconds`` and ``workers`` are as in ``DrainSchedule``.
        """
        started_at = self._clock().seconds
        self.draining = True
        self._recorder.record(DrainStarted(len(self._members)))
        members = sorted(self, key=lambda member: not member.idle)
        idle = deque(member for member in members if member.idle)
        streaming = len(idle) < len(members)
        schedule = DrainSchedule.of(len(idle), seconds, restart_seconds, streaming=streaming, workers=workers)
        self._first_return_at = started_at + schedule.first_return
        returns_at = {member: started_at + schedule.returns(index) for index, member in enumerate(members)}
        for waiting in tuple(self._pending):
            waiting.shutdown(self._first_return_at)
        for member in members:
            member.drain(returns_at[member])
        closed = 0
        while True:
            elapsed = self._clock().seconds - started_at
            is_over = elapsed >= seconds or is_forced()
            while idle and (is_over or schedule.closes(closed) <= elapsed):
                member = idle.popleft()
                member.shutdown(returns_at[member])
                closed += 1
            if is_over or not self._members:
                break
            # A signal handler sets a plain flag, as those of uvicorn do, so this polls.
            await asyncio.sleep(_POLL_SECONDS)
        interrupted = [member for member in self if not member.idle]
        ended_at = self._clock().seconds
        for index, member in enumerate(interrupted):
            member.shutdown(ended_at + interrupted_return(index, workers))
        self._recorder.record(DrainEnded(ended_at - started_at, len(interrupted)))
