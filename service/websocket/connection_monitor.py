"""The one timer of a process that examines its connections: pings, unfinished messages, and the memory for input."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from service.protocol.limits import InputLimit, InputLimits
from service.websocket.input_budget import InputMemory

KEEPALIVE_SECONDS = 20
"""The time between two pings of a connection, and the limit for the answer."""

_INTERVAL_SECONDS = 1.0
_READ_BYTES = 65_536


class Monitored(Protocol):
    """A connection. No method raises."""

    @property
    def held_bytes(self) -> int:
        """The memory of what was received and is not done."""

    def ping(self) -> None:
        """Send a ping; without an answer to the last one, close."""

    def wait_for_message(self, *, late: bool) -> None:
        """Close if a message is unfinished for too long; ``late`` if the service has not read in time."""

    def exceed(self, limit: InputLimit) -> None:
        """Close, because of this limit."""


class ConnectionMonitor:
    """What all connections of a process share. Each is pinged every ``KEEPALIVE_SECONDS``, and costs no timer."""

    def __init__(self, limits: InputLimits, clock: Callable[[], float]) -> None:
        """``clock`` returns monotonic seconds."""
        self.limits = limits
        self.clock = clock
        self.read_buffer = memoryview(bytearray(_READ_BYTES))
        """Every connection reads into it, and copies what it keeps."""
        self._memory = InputMemory(limits.process_bytes)
        self._groups: list[dict[Monitored, None]] = [{} for _ in range(KEEPALIVE_SECONDS)]
        """By the second in which they are pinged."""
        self._unfinished: dict[Monitored, None] = {}
        self._turn = 0
        self._due_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Examine the connections while the context lasts."""
        self._schedule()
        try:
            yield
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def add(self, connection: Monitored) -> int:
        """Return the group of the connection, which is pinged for the first time after ``KEEPALIVE_SECONDS``."""
        self._groups[self._turn][connection] = None
        return self._turn

    def discard(self, connection: Monitored, group: int) -> None:
        self._groups[group].pop(connection, None)
        self._unfinished.pop(connection, None)

    def watch(self, connection: Monitored, *, unfinished: bool) -> None:
        """Whether the connection has an unfinished message has changed."""
        if unfinished:
            self._unfinished[connection] = None
        else:
            self._unfinished.pop(connection, None)

    def receive(self, size_bytes: int) -> None:
        """Bytes arrived on any connection: end those that hold most, if all together hold too much."""
        if self._memory.receive(size_bytes):
            held = {connection: connection.held_bytes for group in self._groups for connection in group}
            for connection in self._memory.select(held):
                connection.exceed(InputLimit.MEMORY)

    def _schedule(self) -> None:
        self._due_at = self.clock() + _INTERVAL_SECONDS
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL_SECONDS, self._examine)

    def _examine(self) -> None:
        late = self.clock() - self._due_at > _INTERVAL_SECONDS  # what has arrived is read after this
        self._schedule()
        self._turn = (self._turn + 1) % KEEPALIVE_SECONDS
        for connection in tuple(self._groups[self._turn]):
            connection.ping()
        for connection in tuple(self._unfinished):
            connection.wait_for_message(late=late)
