"""The producers' side of live streams: the routes and the sockets, over the store, the writer and the notices."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter
from msgspec import Struct

from service.access.quota import QuotaOwner
from service.live.append_limits import MAX_APPEND_BYTES
from service.live.ports import LiveNotice, LiveStore
from service.protocol.limits import InputLimits, Rate
from service.protocol.quota_kind import QuotaKind
from service.publishing.cancel_rights import CancelGuard, ControlHolders, SessionKnowers
from service.publishing.cancellation import Cancellation
from service.publishing.creation import StreamCreator
from service.publishing.live_sample import LiveSamples
from service.publishing.producers import Producers
from service.publishing.publications import Publications
from service.publishing.publish_endpoint import PublishEndpoint
from service.publishing.publish_reception import PublishReception
from service.publishing.rights import HttpProducer, OperatorToken, Producer, ProducerGuard, TokenHolders
from service.publishing.routes import CallRights, publishing_routes
from service.publishing.socket_services import SocketServices
from service.publishing.text_check import SourceWriter
from service.settings import Settings
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.effect_handler import Services
from service.websocket.handshake_gate import HandshakeGate
from service.websocket.hub import Hub
from service.websocket.pending_connection import PendingConnections
from service.websocket.quotas import Quotas

_FRAMES = 10
"""How many times more frames a producer may send than a reader: a message for each token of a fast model."""
_JSON_BYTES = 6
"""JSON writes a byte of the text in at most this number."""
_ENVELOPE_BYTES = 1024
_MEMORY_SHARE = 4


class LiveParts(Struct, frozen=True):
    """What producers and readers share."""

    store: LiveStore
    writer: SourceWriter
    notify: Callable[[LiveNotice], None]
    """Passes a notice of this process to the readers and producers of all processes."""
    readers: Callable[[str], int]
    """The number of those of a stream in this process."""
    follow: Callable[[str], None]
    """The notices of a stream on other processes are needed here."""
    unfollow: Callable[[str], None]


class ProducerSide:
    """``routes`` and ``endpoint`` are for the application, ``producers`` receives the notices of all processes."""

    def __init__(  # noqa: PLR0913, PLR0917 - independent parts
        self,
        settings: Settings,
        hub: Hub,
        gate: HandshakeGate,
        services: Services,
        parts: LiveParts,
        input_limits: InputLimits,
    ) -> None:
        """``input_limits`` are those of readers."""
        recorder, clock = services.recorder, services.clock
        guard, cancellers = _guards(settings, services, parts.store)
        publications = Publications(
            parts.store,
            parts.writer,
            Cancellation(parts.store, parts.notify, recorder, clock),
            notify=parts.notify,
            readers=parts.readers,
            recorder=recorder,
            debit=partial(_debit, services.quotas),
        )
        creator = StreamCreator(
            services.store,
            parts.store,
            quotas=services.quotas,
            max_requests=settings.limits.max_requests,
            notify=parts.notify,
            ids=services.ids,
            recorder=recorder,
            clock=clock,
        )
        self.producers = Producers(parts.follow, parts.unfollow)
        producer = HttpProducer(guard)
        self.routes = APIRouter()
        self.routes.include_router(
            publishing_routes(creator, publications, CallRights(producer, cancellers), settings.proxies, recorder)
        )
        self.samples = LiveSamples(
            creator,
            publications,
            None if services.access is None else producer,
            settings.proxies,
            services.ids,
            recorder,
        )
        self.routes.include_router(self.samples.routes())
        self.monitor = ConnectionMonitor(_input_limits(input_limits), lambda: clock().seconds)
        """Of the sockets: runs while they are served."""
        reception = PublishReception(
            hub,
            parts.store,
            guard,
            SocketServices(publications, services.ticker, clock, services.ids, recorder, settings.chunk_timeout),
            self.producers,
            access=services.access,
            quotas=services.quotas,
        )
        self.endpoint = PublishEndpoint(
            gate,
            self.monitor,
            reception,
            PendingConnections(hub, reception, services.ticker, settings.auth_timeout),
        )


def _guards(settings: Settings, services: Services, store: LiveStore) -> tuple[ProducerGuard, CancelGuard]:
    if services.access is None:
        operator = OperatorToken(settings.publish_token, services.recorder)
        return operator, SessionKnowers(operator, store, services.store)
    holders = TokenHolders(services.access, services.recorder)
    return holders, ControlHolders(holders, store)


def _debit(quotas: Quotas | None, producer: Producer, kib: int) -> None:
    """Of a producer without a name, the address is charged when it creates a stream, and not for what it stores."""
    if quotas is not None and producer.principal is not None:
        quotas.debit([(QuotaOwner.PRINCIPAL, producer.principal.name)], QuotaKind.STORED_SIZE, kib)


def _input_limits(readers: InputLimits) -> InputLimits:
    """What a producer may send on a socket: small messages, and many of them."""
    message_bytes = _JSON_BYTES * MAX_APPEND_BYTES + _ENVELOPE_BYTES
    return InputLimits(
        max_message_bytes=readers.max_message_bytes,
        kept_message_bytes=message_bytes,
        frames=Rate(_FRAMES * readers.frames.per_second, _FRAMES * readers.frames.burst),
        bytes=readers.bytes,
        message_stall_seconds=readers.message_stall_seconds,
        message_seconds=readers.message_seconds,
        process_bytes=max(message_bytes, readers.process_bytes // _MEMORY_SHARE),
    )
