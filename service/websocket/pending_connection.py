"""An accepted WebSocket whose token is awaited: it has no session, no place among the connections and no row."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from service.access.principal import AccessRefusal
from service.events import CloseReason, TokenCarrier
from service.protocol.close_codes import CloseCode, close_reason
from service.protocol.codec import decode
from service.protocol.errors import ClientMistake
from service.protocol.instant import Instant
from service.protocol.limits import InputLimit
from service.protocol.messages import Auth
from service.websocket.arrival import Arrival
from service.websocket.connection import WebSocketConnection
from service.websocket.hub import Hub
from service.websocket.ticker import Ticker

AUTH_MESSAGE_BYTES = 8192
"""The largest first message; of a larger one nothing is kept."""


class PendingSocket(Protocol):
    """A socket that has no session, and may never have one."""

    @property
    def address(self) -> str:
        """The address that has a limit of sockets without a request; empty if none counts it."""

    def evict(self) -> None:
        """Close at once."""


class PendingSockets(Protocol):
    """All sockets without a session; the oldest are closed for others."""

    def wait(self, socket: PendingSocket) -> None:
        """The socket waits for its client until ``forget``."""

    def forget(self, socket: PendingSocket) -> None:
        """The socket is closed, or its client has sent what it has to send."""


class TokenReception(Protocol):
    """Decides on the token of a connection."""

    @property
    def seconds(self) -> float:
        """The monotonic time."""

    async def receive(
        self, connection: WebSocketConnection, arrival: Arrival, token: str, carrier: TokenCarrier
    ) -> None:
        """Admit the connection of the user of the token, or close it."""

    def refuse(self, connection: WebSocketConnection, arrival: Arrival, refusal: AccessRefusal) -> None:
        """Close a connection that has sent no token."""


class PendingConnections:
    """What the pending connections of a process share."""

    def __init__(self, hub: Hub, reception: TokenReception, ticker: Ticker, timeout_seconds: float) -> None:
        self.hub = hub
        self.reception = reception
        self.ticker = ticker
        self.timeout_seconds = timeout_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, connection: WebSocketConnection, arrival: Arrival, sockets: PendingSockets) -> None:
        """Wait for the token of an accepted connection."""
        pending = PendingConnection(connection, arrival, sockets, self)
        sockets.wait(pending)
        self.ticker.schedule(pending, arrival.started_at + self.timeout_seconds)
        connection.await_message(pending, AUTH_MESSAGE_BYTES)
        self.hub.add_pending(pending)

    def receive(
        self, connection: WebSocketConnection, arrival: Arrival, token: str, on_decided: Callable[[], None]
    ) -> None:
        """Open the session for the user of the token, or close, in a task of its own."""

        async def decide() -> None:
            try:
                await self.reception.receive(connection, arrival, token, TokenCarrier.MESSAGE)
            finally:
                on_decided()

        task = asyncio.get_running_loop().create_task(decide())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class PendingConnection:
    """The receiver of a connection until its first message. ``slot``, ``wake_at`` and ``wake`` are for the ticker."""

    __slots__ = ("_arrival", "_checking", "_connection", "_deadline", "_shared", "_sockets", "slot", "wake_at")

    held_bytes = 0
    address = ""
    """It counts for the limit of WebSockets of its address, so a further socket of the address does not close it."""

    def __init__(
        self,
        connection: WebSocketConnection,
        arrival: Arrival,
        sockets: PendingSockets,
        shared: PendingConnections,
    ) -> None:
        self._connection = connection
        self._arrival = arrival
        self._sockets = sockets
        self._shared = shared
        self._deadline = arrival.started_at + shared.timeout_seconds
        self._checking = False
        """Whether there is a token."""
        self.slot: int | None = None
        self.wake_at = 0.0

    # service.session.ports.Receiver

    def message_received(self, data: str | bytes | None, size_bytes: int) -> None:
        message = _decoded(data)
        if message is None:
            self._forget()
            self._refuse()
        else:
            self._checking = True
            self._stop_waiting()
            self._connection.hold()
            arrival = replace(self._arrival, started_at=self._shared.reception.seconds)  # the wait is the client's
            self._shared.receive(self._connection, arrival, message.token, self._forget)

    def limit_exceeded(self, limit: InputLimit) -> None:
        """With a token nothing more is read, and the next receiver has the limits of what a client sends."""
        if not self._checking:
            self._forget()
            self._refuse()
        elif limit is InputLimit.MEMORY:
            self.evict()

    def control_blocked(self) -> None:
        """It answers few pings; the deadline ends it."""

    def unblocked(self) -> None:
        """It has nothing to write."""

    def connection_ended(self, code: int, failure: CloseReason | None) -> None:
        self._forget()

    # Time, other sockets, and the end of the process

    def wake(self, now: Instant) -> None:
        if now.seconds < self._deadline:
            self._shared.ticker.schedule(self, self._deadline)
        else:
            self._forget()
            self._refuse()

    def evict(self) -> None:
        self._forget()
        self._connection.evict()

    def shutdown(self, returns_at: float) -> None:
        """The process shuts down. The client may connect again at ``returns_at``, in monotonic seconds."""
        self._forget()
        retry_after_ms = max(0, round(1000 * (returns_at - self._shared.reception.seconds)))
        self._connection.close(CloseCode.RESTART, close_reason(CloseCode.RESTART, retry_after_ms))

    def _refuse(self) -> None:
        self._shared.reception.refuse(self._connection, self._arrival, AccessRefusal.MISSING)

    def _stop_waiting(self) -> None:
        """There is a token. Until it is checked, the connection still makes room for others."""
        self._shared.ticker.cancel(self)
        self._shared.hub.discard_pending(self)

    def _forget(self) -> None:
        self._stop_waiting()
        self._sockets.forget(self)


def _decoded(data: str | bytes | None) -> Auth | None:
    """Return the message in the first frame; ``None`` if it is another one."""
    try:
        message = decode(data)
    except ClientMistake:
        return None
    return message if isinstance(message, Auth) else None
