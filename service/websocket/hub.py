"""The registry of the connections of this process: its capacity, and the drain before a shutdown."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from service.events import DrainEnded, DrainStarted
from service.protocol.instant import Instant
from service.session.ports import Recorder

_POLL_SECONDS = 0.02


class Member(Protocol):
    """A registered connection."""

    @property
    def leased_stream(self) -> tuple[str, int] | None:
        """The id and the epoch of the current stream, if it has started and is in the store."""

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Another connection acquired the stream that this one leased at ``epoch``."""

    def drain(self) -> None:
        """Finish the active stream, then close."""

    def shutdown(self) -> None:
        """Close now."""


class Hub:
    """Counts and registers connections. No method awaits a send, so no client can hold back another here."""

    def __init__(self, max_connections: int, recorder: Recorder, clock: Callable[[], Instant]) -> None:
        self.max_connections = max_connections
        self._recorder = recorder
        self._clock = clock
        self._members: set[Member] = set()
        self.connections = 0
        """Accepted connections, including those whose session is not open yet."""
        self.draining = False
        """Set once, when the process starts to shut down."""

    @contextmanager
    def reserve(self) -> Iterator[bool]:
        """Reserve capacity for one connection while the context lasts; yield ``False`` if there is none."""
        reserved = self.connections < self.max_connections
        self.connections += reserved
        try:
            yield reserved
        finally:
            self.connections -= reserved

    @contextmanager
    def register(self, member: Member) -> Iterator[None]:
        """Register a connection while the context lasts."""
        self._members.add(member)
        if self.draining:
            member.drain()
        try:
            yield
        finally:
            self._members.discard(member)

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members))

    async def drain(self, seconds: float, is_forced: Callable[[], bool]) -> None:
        """Let active streams end for up to ``seconds``, or until ``is_forced()``; then close what is left."""
        started_at = self._clock().seconds
        self.draining = True
        self._recorder.record(DrainStarted(len(self._members)))
        for member in self:
            member.drain()
        # A signal handler sets a plain flag, as those of uvicorn do, so this polls.
        while self._members and self._clock().seconds - started_at < seconds and not is_forced():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        interrupted = len(self._members)
        for member in self:
            member.shutdown()
        self._recorder.record(DrainEnded(self._clock().seconds - started_at, interrupted))
