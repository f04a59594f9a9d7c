"""The one timer of a process that examines its connections: WebSocket pings."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

KEEPALIVE_SECONDS = 20
"""The time between two pings of a connection, and the limit for the answer."""

_INTERVAL_SECONDS = 1.0
_READ_BYTES = 65_536


class Monitored(Protocol):
    def ping(self) -> None:
        """Send a ping; without an answer to the last one, close. Never raises."""


class ConnectionMonitor:
    """What all connections of a process share. Each is pinged every ``KEEPALIVE_SECONDS``, and costs no timer."""

    def __init__(self, max_message_bytes: int) -> None:
        self.max_message_bytes = max_message_bytes
        """The largest payload of a message."""
        self.read_buffer = memoryview(bytearray(_READ_BYTES))
        """Every connection reads into it, and copies what it keeps."""
        self._groups: list[dict[Monitored, None]] = [{} for _ in range(KEEPALIVE_SECONDS)]
        """By the second in which they are pinged."""
        self._turn = 0
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

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL_SECONDS, self._examine)

    def _examine(self) -> None:
        self._schedule()
        self._turn = (self._turn + 1) % KEEPALIVE_SECONDS
        for connection in tuple(self._groups[self._turn]):
            connection.ping()
