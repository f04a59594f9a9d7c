"""The open connections of this process: how many may come in, and how they leave when it goes away."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from service.events import DrainEnded, DrainStarted
from service.protocol.instant import Instant
from service.session.ports import Recorder

_POLL_SECONDS = 0.02


class Member(Protocol):
    """A connection, as far as others are concerned."""

    def drain(self) -> None:
        """Finish what runs, then close."""

    def shutdown(self) -> None:
        """Close now."""

    @property
    def held(self) -> tuple[str, int] | None:
        """The stream under way and its epoch, if it is in the store."""

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Another connection has taken the stream that was held at ``epoch``."""


class Hub:
    """Knows who is connected. It awaits nobody's send, so no client can hold up another here."""

    def __init__(self, max_connections: int, recorder: Recorder, clock: Callable[[], Instant]) -> None:
        self._max_connections = max_connections
        self._recorder = recorder
        self._clock = clock
        self._members: set[Member] = set()
        self.connections = 0
        """Seats that are taken."""
        self.draining = False
        """Set once, when the process begins to go away."""

    @property
    def max_connections(self) -> int:
        return self._max_connections

    @contextmanager
    def seat(self) -> Iterator[bool]:
        """A seat for as long as the context lasts, or ``False`` if all are taken."""
        seated = self.connections < self._max_connections
        self.connections += seated
        try:
            yield seated
        finally:
            self.connections -= seated

    @contextmanager
    def member(self, member: Member) -> Iterator[None]:
        """For as long as the context lasts, tell ``member`` when the process goes away."""
        self._members.add(member)
        if self.draining:
            member.drain()
        try:
            yield
        finally:
            self._members.discard(member)

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members))

    async def drain(self, seconds: float, hurried: Callable[[], bool]) -> None:
        """Let running streams end for up to ``seconds``, or until ``hurried()``; then close what is left."""
        began = self._clock().seconds
        self.draining = True
        self._recorder.record(DrainStarted(len(self._members)))
        for member in tuple(self._members):
            member.drain()
        # A signal sets a plain flag, as uvicorn's own do, so this looks now and then.
        while self._members and self._clock().seconds - began < seconds and not hurried():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        cut = len(self._members)
        for member in tuple(self._members):
            member.shutdown()
        self._recorder.record(DrainEnded(self._clock().seconds - began, cut))
