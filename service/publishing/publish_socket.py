"""One publish socket: the messages of a producer of one stream, and what it receives."""

import asyncio
from collections.abc import Callable, Mapping

from service.access.principal import AccessRefusal, Principal
from service.events import CloseReason, FaultRaised, FaultSource
from service.live.append_limits import MAX_APPEND_BYTES
from service.live.ports import LiveNotice, SourceStored, StreamTouched
from service.live.records import Append, LiveRecord, LiveStatus
from service.protocol.close_codes import CloseCode, close_reason
from service.protocol.frames import text_frame_header
from service.protocol.instant import Instant
from service.protocol.limits import InputLimit
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.protocol.publish_messages import (
    AppendText,
    CloseSource,
    EndStatus,
    ProducerFenced,
    PublishAuth,
    PublisherMessage,
    PublishErrorMessage,
    SourceAck,
    SourceCancelled,
    SourceClosed,
    Touch,
    decode_producer,
    encode_publisher,
)
from service.publishing.pending_source import PendingSource
from service.publishing.publish_route import store_error
from service.publishing.refusal_events import record_refusal
from service.publishing.rights import Producer
from service.publishing.socket_services import ProducerConnection, SocketServices
from service.session.ports import StoreUnavailable

_TOO_LARGE = f"One append has at most {MAX_APPEND_BYTES} bytes. Send the text in smaller parts."
_NO_TOKEN = "The socket has a token, and its producer does not change. Send append, close or touch."  # noqa: S105
_FENCED = "Another producer has adopted the stream. Stop: nothing more of this one is stored."

_LIMITS: Mapping[InputLimit, CloseCode] = {
    InputLimit.FRAMES: CloseCode.INPUT_LIMIT,
    InputLimit.BYTES: CloseCode.INPUT_LIMIT,
    InputLimit.MESSAGE: CloseCode.MESSAGE_TIMEOUT,
    InputLimit.MEMORY: CloseCode.OVER_CAPACITY,
}


class PublishSocket:
    """The receiver and the only writer of its connection; at most one append of it is being stored.

    With too much that is not stored it reads nothing, so the producer waits. It sleeps in the ticker.
    """

    __slots__ = (
        "__weakref__",
        "_connection",
        "_epoch",
        "_held",
        "_on_ended",
        "_over",
        "_pending",
        "_producer",
        "_record",
        "_services",
        "_stalled_at",
        "_task",
        "_unacknowledged",
        "_waiting",
        "slot",
    )

    idle = True
    """A producer that is interrupted goes on elsewhere at once."""
    leased_stream = None

    def __init__(
        self,
        connection: ProducerConnection,
        record: LiveRecord,
        producer: Producer,
        services: SocketServices,
        on_ended: Callable[["PublishSocket"], None],
    ) -> None:
        """``record`` is the open stream, at the epoch of the producer; ``on_ended`` is called last."""
        self._connection = connection
        self._record = record
        self._epoch = record.epoch
        self._producer = producer
        self._services = services
        self._on_ended = on_ended
        self._pending = PendingSource(record.length)
        self._task: asyncio.Task[None] | None = None
        """Stores what comes, from the first part until the connection has ended and all is stored."""
        self._waiting: asyncio.Future[None] | None = None
        """Of the task, while there is nothing to store."""
        self._held = False
        self._over = False
        """Whether nothing more is sent or stored."""
        self._unacknowledged = False
        """Whether an ``ack`` waits until the producer reads."""
        self._stalled_at: float | None = None
        self.slot: int | None = None

    @property
    def stream_id(self) -> str:
        return self._record.stream_id

    def start(self) -> None:
        """Send where the source is, and begin to read."""
        self._connection.start(self)
        self._acknowledge()
        self._schedule()

    # service.session.ports.Receiver

    @property
    def held_bytes(self) -> int:
        return self._pending.bytes

    def message_received(self, data: str | bytes | None, size_bytes: int) -> None:
        if self._over:
            return
        try:
            message = decode_producer(data)
        except PublishError as error:
            self._refuse(error)
            return
        match message:
            case AppendText(offset, text):
                self._append(offset, text.encode())
            case CloseSource(status, offset, sha256):
                digest = bytes.fromhex(sha256) if isinstance(sha256, str) else None
                self._put(offset, b"", LiveStatus(status.value), digest)
            case Touch():
                if not self._pending:
                    self._put(0, b"")
            case PublishAuth():
                self._refuse(PublishError(PublishErrorCode.INVALID_REQUEST, _NO_TOKEN))

    def limit_exceeded(self, limit: InputLimit) -> None:
        self._close(_LIMITS[limit])

    def control_blocked(self) -> None:
        self._watch_progress()

    def unblocked(self) -> None:
        self._stalled_at = None
        if self._unacknowledged:
            self._acknowledge()

    def connection_ended(self, code: int, failure: CloseReason | None) -> None:
        """What was received is stored all the same: the producer may have sent the end and left."""
        self._over = True
        self._services.ticker.cancel(self)
        self._wake_task()
        self._on_ended(self)

    # The other producers and the readers

    def notice(self, notice: LiveNotice) -> None:
        """Something happened to the stream, on any process."""
        match notice:
            case StreamTouched(epoch=epoch) if epoch > self._epoch:
                self._fence()
            case SourceStored(status=LiveStatus.OPEN):
                pass
            case SourceStored(status=status, offset=offset, data=data) if not self._pending.ends:
                self._end(status, offset + len(data))
            case _:
                pass

    def examine(self, record: LiveRecord) -> None:
        """The stream as it is now."""
        if record.epoch > self._epoch:
            self._fence()
        elif record.status is not LiveStatus.OPEN and not self._pending.ends:
            self._end(record.status, record.length)

    # service.websocket.hub.Member, service.websocket.ticker.Sleeper

    @property
    def principal(self) -> Principal | None:
        return self._producer.principal

    def revoke(self) -> None:
        """Nothing more of the producer is stored, except the part that the store has been given."""
        self._pending.drop()
        self._close(CloseCode.TOKEN_REVOKED, PublishErrorCode.TOKEN_REVOKED, AccessRefusal.REVOKED.sentence)

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """It has none in the session store."""

    def drain(self, returns_at: float) -> None:
        """It closes in its turn."""

    def shutdown(self, returns_at: float) -> None:
        """The process shuts down: the producer goes on elsewhere, from what is durable."""
        retry_after_ms = max(0, round(1000 * (returns_at - self._services.clock().seconds)))
        self._over = True
        self._connection.close(CloseCode.RESTART, close_reason(CloseCode.RESTART, retry_after_ms))

    def wake(self, now: Instant) -> None:
        """The token has expired, or the producer reads nothing of what it is sent."""
        if self._stalled_at is not None and now.seconds >= self._stalled_at:
            self._connection.abort()
        elif (left := self._token_seconds_left(now)) is not None and left <= 0:
            self._pending.drop()  # as in ``revoke``
            self._close(CloseCode.TOKEN_EXPIRED, PublishErrorCode.TOKEN_EXPIRED, AccessRefusal.EXPIRED.sentence)
        else:
            self._schedule()

    # Receiving

    def _append(self, offset: int, data: bytes) -> None:
        if len(data) > MAX_APPEND_BYTES:
            self._refuse(PublishError(PublishErrorCode.BODY_TOO_LARGE, _TOO_LARGE))
        else:
            self._put(offset, data)

    def _put(self, offset: int, data: bytes, ends: LiveStatus | None = None, digest: bytes | None = None) -> None:
        self._pending.put(offset, data, ends, digest)
        if self._pending.is_full and not self._held:
            self._held = True
            self._connection.hold()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._store())
        else:
            self._wake_task()

    def _wake_task(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _store(self) -> None:
        """Store what is put, one part after the other. A task for each part would cost more than the part."""
        loop = asyncio.get_running_loop()
        try:
            while self._pending or not self._over:
                if not self._pending:
                    self._waiting = loop.create_future()
                    await self._waiting
                    continue
                await self._store_part(self._pending.take(self.stream_id, self._epoch))
                if self._held and self._pending.has_room and not self._over:
                    self._held = False
                    self._connection.start(self)
        except Exception as exception:  # noqa: BLE001 - the outermost guard of this socket
            self._fail(exception)
        finally:
            self._task = None

    async def _store_part(self, append: Append) -> None:
        try:
            progress = await self._services.publications.append(self._producer, append)
        except (PublishError, StoreUnavailable) as error:
            self._refuse(error if isinstance(error, PublishError) else store_error(error))
            self._pending.refused()
            return
        if progress.status is not LiveStatus.OPEN:
            self._end(progress.status, progress.durable)
        self._pending.stored(progress.durable)
        self._acknowledge()

    # Sending

    def _acknowledge(self) -> None:
        """A producer that reads nothing gets one ``ack`` when it reads again."""
        if self._connection.blocked:
            self._unacknowledged = True
        else:
            self._unacknowledged = False
            self._send(SourceAck(self._pending.accepted, self._pending.durable))

    def _refuse(self, error: PublishError) -> None:
        record_refusal(self._services.recorder, error.code, self._record.session_id, self.stream_id)
        match error.code:
            case PublishErrorCode.FENCED:
                self._fence()
            case PublishErrorCode.ENDED:
                self._end(LiveStatus(error.status or ""), error.offset or self._pending.durable)
            case _:
                self._send(PublishErrorMessage.of(error))

    def _end(self, status: LiveStatus, length: int) -> None:
        if status is LiveStatus.CANCELLED and not self._pending.ends:
            self._send(SourceCancelled(length))
        else:
            self._send(SourceClosed(EndStatus(status.value), length))
        self._close(CloseCode.NORMAL)

    def _fence(self) -> None:
        self._send(ProducerFenced(_FENCED))
        self._close(CloseCode.TAKEN_OVER)

    def _fail(self, exception: Exception) -> None:
        """Record a fault of the service and close with 1011."""
        error_id = self._services.ids.new_id()
        self._services.recorder.record(
            FaultRaised(
                error_id,
                FaultSource.CONNECTION,
                exception,
                session_id=self._record.session_id,
                stream_id=self.stream_id,
                trace=self._record.trace,
                principal=self.principal,
            )
        )
        sentence = f"The service failed. Reconnect; if it happens again, report id {error_id}."
        self._close(CloseCode.INTERNAL_ERROR, PublishErrorCode.INTERNAL_ERROR, sentence)

    def _send(self, message: PublisherMessage) -> None:
        if not self._over:
            payload = encode_publisher(message)
            self._connection.write(text_frame_header(len(payload)) + payload)
            self._watch_progress()

    def _close(self, code: CloseCode, error: PublishErrorCode | None = None, sentence: str = "") -> None:
        if self._over:
            return
        if error is not None:
            self._send(PublishErrorMessage(error, sentence))
        self._over = True
        self._connection.close(code, close_reason(code, None))

    def _watch_progress(self) -> None:
        if self._connection.blocked and self._stalled_at is None:
            self._stalled_at = self._services.clock().seconds + self._services.chunk_timeout_seconds
            self._schedule()

    def _schedule(self) -> None:
        now = self._services.clock()
        moments = [] if self._stalled_at is None else [self._stalled_at]
        if (left := self._token_seconds_left(now)) is not None:
            moments.append(now.seconds + left)
        if moments and not self._over:
            self._services.ticker.schedule(self, min(moments))

    def _token_seconds_left(self, now: Instant) -> float | None:
        expires_at = None if self.principal is None else self.principal.expires_at
        return None if expires_at is None else expires_at - now.wall
