"""What a publish socket needs of its process."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from service.protocol.instant import Instant
from service.publishing.publications import Publications
from service.session.ports import Connection, Ids, Recorder
from service.websocket.ticker import Ticker


class ProducerConnection(Connection, Protocol):
    """A connection that can stop to read."""

    def hold(self) -> None:
        """Read nothing more until the next ``start``."""


class SocketServices(Struct, frozen=True):
    """What all publish sockets of a process share."""

    publications: Publications
    ticker: Ticker
    clock: Callable[[], Instant]
    ids: Ids
    recorder: Recorder
    chunk_timeout_seconds: float
