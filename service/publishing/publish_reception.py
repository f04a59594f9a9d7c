"""Receives the publish sockets: checks the token, finds the stream, and starts the socket."""

from collections.abc import Mapping

from service.access.principal import AccessRefusal
from service.events import AttemptOutcome, ConnectionAttempted, PublishSocketsCounted, TokenCarrier
from service.live.append_rule import Refusal
from service.live.ports import LiveStore, Refused
from service.live.records import LiveRecord, LiveStatus
from service.protocol.close_codes import CloseCode, close_reason
from service.protocol.errors import ConnectionQuotaReached
from service.protocol.frames import text_frame_header
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.protocol.publish_messages import (
    EndStatus,
    ProducerFenced,
    PublisherMessage,
    PublishErrorMessage,
    SourceCancelled,
    SourceClosed,
    encode_publisher,
)
from service.publishing.producers import Producers
from service.publishing.publish_route import store_error
from service.publishing.publish_socket import PublishSocket
from service.publishing.refusal_events import record_refusal
from service.publishing.refusals import error_of, unknown_stream
from service.publishing.rights import Producer, ProducerGuard
from service.publishing.socket_services import ProducerConnection, SocketServices
from service.session.ports import Connection, StoreUnavailable
from service.websocket.access_control import AccessControl
from service.websocket.arrival import Arrival
from service.websocket.hub import Hub
from service.websocket.quotas import Quotas

_FULL = "The server is full. Reconnect in some seconds."

_CLOSES: Mapping[PublishErrorCode, CloseCode] = {
    PublishErrorCode.UNAUTHENTICATED: CloseCode.UNAUTHENTICATED,
    PublishErrorCode.TOKEN_EXPIRED: CloseCode.TOKEN_EXPIRED,
    PublishErrorCode.TOKEN_REVOKED: CloseCode.TOKEN_REVOKED,
    PublishErrorCode.FORBIDDEN: CloseCode.FORBIDDEN,
    PublishErrorCode.PUBLISHING_OFF: CloseCode.FORBIDDEN,
    PublishErrorCode.UNKNOWN_STREAM: CloseCode.FORBIDDEN,
    PublishErrorCode.AUTH_UNAVAILABLE: CloseCode.AUTH_UNAVAILABLE,
    PublishErrorCode.QUOTA_REACHED: CloseCode.QUOTA_REACHED,
    PublishErrorCode.OVERLOADED: CloseCode.OVER_CAPACITY,
    PublishErrorCode.STORE_UNAVAILABLE: CloseCode.INTERNAL_ERROR,
    PublishErrorCode.INTERNAL_ERROR: CloseCode.INTERNAL_ERROR,
}


class PublishArrival(Arrival, frozen=True):
    """The handshake of a producer."""

    stream_id: str = ""
    epoch: int = 0


class PublishReception:
    """A socket that is refused here receives an ``error``, or the end of its stream, and closes."""

    def __init__(  # noqa: PLR0913 - independent parts
        self,
        hub: Hub,
        store: LiveStore,
        guard: ProducerGuard,
        services: SocketServices,
        producers: Producers,
        *,
        access: AccessControl | None,
        quotas: Quotas | None,
    ) -> None:
        self._hub = hub
        self._store = store
        self._guard = guard
        self._services = services
        self._producers = producers
        self._access = access
        self._quotas = quotas

    @property
    def seconds(self) -> float:
        return self._services.clock().seconds

    def refuse_closed(self, arrival: Arrival) -> PublishError | None:
        """Return why no producer is accepted, and record it; ``None`` if they are."""
        if self._guard.is_open:
            return None
        self.record(arrival, AttemptOutcome.REFUSED_TOKEN)
        return self._guard.refuse_missing(TokenCarrier.MESSAGE)

    async def check(self, arrival: Arrival, token: str, carrier: TokenCarrier) -> Producer:
        """Return who publishes. Raises ``PublishError``."""
        try:
            return await self._guard.check(token, carrier)
        except PublishError as error:
            unavailable = error.code is PublishErrorCode.AUTH_UNAVAILABLE
            self.record(arrival, AttemptOutcome.ERROR if unavailable else AttemptOutcome.REFUSED_TOKEN)
            raise

    async def receive(
        self, connection: ProducerConnection, arrival: Arrival, token: str, carrier: TokenCarrier
    ) -> None:
        """Start the socket of the holder of the token, or close it."""
        try:
            producer = await self.check(arrival, token, carrier)
        except PublishError as error:
            _close_with(connection, error)
        else:
            await self.attach(connection, arrival, producer)

    def refuse(self, connection: ProducerConnection, arrival: Arrival, refusal: AccessRefusal) -> None:
        """Close a connection that has sent no token."""
        self.record(arrival, AttemptOutcome.REFUSED_TOKEN)
        _close_with(connection, self._guard.refuse_missing(TokenCarrier.MESSAGE))

    async def attach(self, connection: ProducerConnection, arrival: Arrival, producer: Producer) -> None:
        """Start the socket, or close it."""
        assert isinstance(arrival, PublishArrival)
        if not self._hub.reserve():
            self.record(arrival, AttemptOutcome.REFUSED_CAPACITY)
            _close_with(connection, PublishError(PublishErrorCode.OVERLOADED, _FULL, retry_after_seconds=5))
            return
        try:
            record = await self._find(arrival, producer)
        except PublishError as error:
            self._hub.release()
            self.record(arrival, _OUTCOMES.get(error.code, AttemptOutcome.REFUSED_SESSION))
            record_refusal(self._services.recorder, error.code, stream_id=arrival.stream_id)
            _close_with(connection, error)
        except BaseException:
            self._hub.release()
            raise
        else:
            self.record(arrival, AttemptOutcome.ACCEPTED, record.session_id)
            await self._start(connection, record, producer)

    def record(self, arrival: Arrival, outcome: AttemptOutcome, session_id: str = "") -> None:
        """Record how the handshake ended."""
        seconds = self.seconds - arrival.started_at
        self._services.recorder.record(ConnectionAttempted(outcome, session_id, seconds, arrival.trace))

    async def _find(self, arrival: PublishArrival, producer: Producer) -> LiveRecord:
        """Return the open stream of the producer. Raises ``PublishError``."""
        try:
            record = await self._store.get(arrival.stream_id)
        except StoreUnavailable as unavailable:
            raise store_error(unavailable) from None
        if record is None or not producer.covers(record.space, record.session_id):
            raise unknown_stream()
        quotas = self._quotas
        account = quotas and quotas.account(record.session_id, producer.principal, arrival.address)
        if account and (exceeded := await account.charge_connection()) is not None:
            raise _quota_error(exceeded)
        return _current(record, arrival.epoch)

    async def _start(self, connection: ProducerConnection, record: LiveRecord, producer: Producer) -> None:
        socket = PublishSocket(connection, record, producer, self._services, self._forget)
        self._producers.add(socket)
        self._count()
        self._hub.register(socket)
        socket.start()
        if producer.principal is not None and self._access is not None and producer.principal in self._access.revoked:
            socket.revoke()
        try:
            now = await self._store.get(record.stream_id)
        except StoreUnavailable:
            return  # the first append finds it
        if now is not None:
            socket.examine(now)  # what happened before its notices arrived here

    def _forget(self, socket: PublishSocket) -> None:
        self._producers.discard(socket)
        self._hub.discard(socket)
        self._hub.release()
        self._count()

    def _count(self) -> None:
        self._services.recorder.record(PublishSocketsCounted(self._producers.count))


_OUTCOMES: Mapping[PublishErrorCode, AttemptOutcome] = {
    PublishErrorCode.QUOTA_REACHED: AttemptOutcome.REFUSED_QUOTA,
    PublishErrorCode.STORE_UNAVAILABLE: AttemptOutcome.ERROR,
}


def _current(record: LiveRecord, epoch: int) -> LiveRecord:
    """The record, if it is open and at the epoch of the producer."""
    if record.epoch != epoch:
        raise error_of(Refused(Refusal.FENCED, record.length, record.status))
    if record.status is not LiveStatus.OPEN:
        raise error_of(Refused(Refusal.ENDED, record.length, record.status))
    return record


def _quota_error(exceeded: ConnectionQuotaReached) -> PublishError:
    wait = exceeded.retry_after_seconds
    return PublishError(PublishErrorCode.QUOTA_REACHED, str(exceeded), retry_after_seconds=wait)


def _close_with(connection: Connection, error: PublishError) -> None:
    """Send the error, or what it means on a socket, and close."""
    message: PublisherMessage
    match error.code:
        case PublishErrorCode.FENCED:
            message, code = ProducerFenced(str(error)), CloseCode.TAKEN_OVER
        case PublishErrorCode.ENDED if error.status == LiveStatus.CANCELLED:
            message, code = SourceCancelled(error.offset or 0), CloseCode.NORMAL
        case PublishErrorCode.ENDED:
            message, code = SourceClosed(EndStatus(str(error.status)), error.offset or 0), CloseCode.NORMAL
        case _:
            message, code = PublishErrorMessage.of(error), _CLOSES.get(error.code, CloseCode.INTERNAL_ERROR)
    payload = encode_publisher(message)
    connection.write(text_frame_header(len(payload)) + payload)
    retry_after_ms = error.body.retry_after_ms
    connection.close(code, close_reason(code, retry_after_ms if isinstance(retry_after_ms, int) else None))
