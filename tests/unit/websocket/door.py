"""The door of a process: connections that have no session yet, in memory and in virtual time."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from service.access.principal import AccessRefusal, Principal
from service.events import AttemptOutcome, ConnectionAttempted, Event, TokenCarrier, TokenRefused
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.quota_kind import QuotaKind
from service.websocket.arrival import Arrival
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.effect_handler import Services
from service.websocket.frame_reader import Opcode
from service.websocket.hub import Hub
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.pending_connection import PendingConnections, PendingSocket
from service.websocket.quotas import Quotas
from service.websocket.reception import Reception
from service.websocket.ticker import Ticker
from tests.unit.session.conversation import WALL
from tests.unit.websocket.access_doubles import AccessStore, Tokens, access_control
from tests.unit.websocket.client_frames import client_frame, text
from tests.unit.websocket.in_memory import Engine, Ids, Store
from tests.unit.websocket.peer import LIMITS, Transport

TIMEOUT_SECONDS = 5.0


class Door:
    """Everything that a connection meets before it has a session; ``waiting`` are the pending sockets."""

    def __init__(
        self,
        known: dict[str, Principal | AccessRefusal],
        quotas: Mapping[QuotaKind, int] | None = None,
        max_connections: int = 10,
        *,
        by_address: bool = False,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.events: list[Event] = []
        self.tokens = Tokens(known)
        self.access = access_control(self.tokens, events=self)
        self.access_store = AccessStore()
        self.store = Store()
        self.hub = Hub(max_connections, self, self.now)
        self.monitor = ConnectionMonitor(LIMITS, self.loop.time)
        self.waiting: list[PendingSocket] = []
        ticker, writer, ids = Ticker(self.now), MessageWriter(), Ids()
        services = Services(
            store=self.store,
            engine=Engine(),
            ids=ids,
            recorder=self,
            ticker=ticker,
            pacer=Pacer(ticker, writer),
            writer=writer,
            clock=self.now,
            access=self.access,
            quotas=None if quotas is None else Quotas(self.access_store, quotas, self, ids, by_address=by_address),
        )
        self.reception = Reception(self.hub, Limits(), services, stores_content=False)
        self.pending = PendingConnections(self.hub, self.reception, ticker, TIMEOUT_SECONDS)

    def now(self) -> Instant:
        return Instant(self.loop.time(), WALL + self.loop.time())

    async def pass_time(self, seconds: float) -> None:
        """In a ``VirtualLoop``."""
        await asyncio.sleep(seconds)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def wait(self, socket: PendingSocket) -> None:
        self.waiting.append(socket)

    def forget(self, socket: PendingSocket) -> None:
        if socket in self.waiting:
            self.waiting.remove(socket)

    @property
    def attempts(self) -> list[AttemptOutcome]:
        return [event.outcome for event in self.events if isinstance(event, ConnectionAttempted)]

    @property
    def refusals(self) -> list[tuple[AccessRefusal, TokenCarrier]]:
        return [(event.reason, event.carrier) for event in self.events if isinstance(event, TokenRefused)]


class Guest:
    """A client whose handshake was accepted."""

    def __init__(
        self, door: Door, session_id: str = "s-1", address: str = "192.0.2.1", secret: bytes | None = None
    ) -> None:
        self.door = door
        self.transport = Transport()
        self.arrival = Arrival(session_id, door.loop.time(), address=address, secret=secret)
        self.sockets: set[object] = set()
        self.connection = WebSocketConnection(self.transport, door.monitor, self.sockets, lambda _transport: None)

    def wait(self) -> None:
        """Bring the token in a message."""
        self.door.pending.add(self.connection, self.arrival, self.door)

    async def enter(self, token: str, carrier: TokenCarrier = TokenCarrier.SUBPROTOCOL) -> None:
        await self.door.reception.receive(self.connection, self.arrival, token, carrier)

    def send(self, *messages: str | Mapping[str, object], more: bytes = b"") -> None:
        """Send messages at once."""
        texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
        self.connection.data_received(b"".join(map(text, texts)) + more)

    def received(self) -> tuple[list[dict[str, Any]], int | None]:
        """All messages so far, and the code of the close frame."""
        rest, messages, code = self.transport.written, [], None
        while rest:
            opcode, length, start = rest[0] & 0x0F, rest[1], 2
            if length == 126:
                length, start = int.from_bytes(rest[2:4]), 4
            payload, rest = rest[start : start + length], rest[start + length :]
            if opcode == Opcode.TEXT:
                messages.append(json.loads(payload))
            elif opcode == Opcode.CLOSE:
                code = int.from_bytes(payload[:2])
        return messages, code

    def answer_close(self) -> None:
        self.connection.data_received(client_frame(Opcode.CLOSE, b"\x03\xe8"))
        self.connection.connection_lost(None)
