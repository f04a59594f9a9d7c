"""Receives readers by server-sent events: checks their rights, charges them, and attaches them to their streams."""

import asyncio
from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType

from service.access.principal import AccessRefusal, Principal
from service.access.session_key import live_key, session_key
from service.events import AttemptOutcome, ConnectionAttempted, ReadingWay, TokenCarrier, TokenRefused
from service.live.ports import LiveStore
from service.live.records import LiveRecord
from service.protocol.messages import ChunkBy, HtmlMode, Speed
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.event_reader import EventReader
from service.publishing.refusals import unknown_stream
from service.session.live_ports import LiveStreams, WatchTarget
from service.session.live_reader import LiveReader, Watcher
from service.session.records import SessionReserved
from service.settings import Settings
from service.websocket.access_control import AccessControl
from service.websocket.effect_handler import Services
from service.websocket.hub import Hub

_CODES: Mapping[AccessRefusal, PublishErrorCode] = {
    AccessRefusal.MISSING: PublishErrorCode.UNAUTHENTICATED,
    AccessRefusal.INVALID: PublishErrorCode.UNAUTHENTICATED,
    AccessRefusal.EXPIRED: PublishErrorCode.TOKEN_EXPIRED,
    AccessRefusal.REVOKED: PublishErrorCode.TOKEN_REVOKED,
    AccessRefusal.FORBIDDEN: PublishErrorCode.FORBIDDEN,
    AccessRefusal.UNAVAILABLE: PublishErrorCode.AUTH_UNAVAILABLE,
}
_SENTENCES = {AccessRefusal.MISSING: "A token is required. Send it as Authorization: Bearer."}
_NO_SESSION = "The id of the session is required: it is the right to read its streams. Send ?session_id=."
_RESERVED = "The session is reserved. Send its secret in X-Session-Secret."
_FULL = "The server is full. Try again in some seconds."
_TOO_MANY = "The address has too many connections. Close one of them."
_RETRY_SECONDS = 5.0


class EventRequest(Struct, frozen=True):
    """What a client asks for."""

    stream_id: str
    session_id: str
    """Empty if it names none."""
    token: str
    """Empty without one."""
    secret: bytes | None
    """The digest of the secret of the session."""
    address: str
    """Of the client, as limits count it."""
    settled: int
    html_mode: HtmlMode
    chunk_by: ChunkBy | None
    speed: Speed | UnsetType = UNSET


class EventReception:
    """Readers count as connections of the process, and of their address, as WebSockets do."""

    def __init__(self, hub: Hub, store: LiveStore, live: LiveStreams, services: Services, settings: Settings) -> None:
        self._hub = hub
        self._store = store
        self._live = live
        self._services = services
        self._limits = settings.limits
        self._resume_seconds = settings.resume_ttl

    async def open(self, request: EventRequest) -> EventReader:
        """Return the reader, for which ``close`` must be called. Raises ``PublishError`` and ``StoreUnavailable``."""
        address = request.address
        if self._hub.addresses.is_full(address):
            raise self._refused(AttemptOutcome.REFUSED_ADDRESS, _TOO_MANY)
        if not self._hub.reserve():
            raise self._refused(AttemptOutcome.REFUSED_CAPACITY, _FULL)
        self._hub.addresses.add(address)
        try:
            reader = await self._open(request)
        except BaseException:
            self._release(address)
            raise
        self._hub.register(reader)
        access = self._services.access
        if reader.principal is not None and access is not None and reader.principal in access.revoked:
            reader.revoke()  # while the stream was attached
        return reader

    def close(self, reader: EventReader) -> None:
        """The reader has gone."""
        reader.ended()
        self._live.detach(reader.reader.reading)
        self._hub.discard(reader)
        self._release(reader.address)

    def _refused(self, outcome: AttemptOutcome, sentence: str) -> PublishError:
        self._services.recorder.record(ConnectionAttempted(outcome, is_handshake=False))
        return PublishError(PublishErrorCode.OVERLOADED, sentence, retry_after_seconds=_RETRY_SECONDS)

    def _release(self, address: str) -> None:
        self._hub.release()
        self._hub.addresses.release(address)

    async def _open(self, request: EventRequest) -> EventReader:
        services, record, principal = self._services, await self._store.get(request.stream_id), None
        if services.access is not None:
            principal = await self._check(services.access, request, record)
        elif not request.session_id:
            raise PublishError(PublishErrorCode.FORBIDDEN, _NO_SESSION)
        if record is None or not _may_read(record, request.session_id, principal):
            raise unknown_stream()
        await self._charge(request, record, principal)
        changed = asyncio.Event()
        target = WatchTarget(record.stream_id, record.session_key, request.html_mode, request.chunk_by, request.settled)
        reading = await self._live.attach(target, changed.set)
        if reading is None:
            raise unknown_stream()
        watcher = Watcher(
            services.ids.new_id(), record.session_id, ReadingWay.EVENTS, request.html_mode, request.speed, UNSET
        )
        reader = LiveReader(reading, watcher, self._limits.max_chunk_characters, self._resume_seconds, services.clock())
        return EventReader(reader, changed, principal, request.address, services)

    async def _check(self, access: AccessControl, request: EventRequest, record: LiveRecord | None) -> Principal:
        """Return who reads. Raises ``PublishError``, and records the refusal."""
        session_id = "" if record is None else record.session_id
        checked = await access.authenticate(request.token, session_id) if request.token else AccessRefusal.MISSING
        if isinstance(checked, Principal):
            return checked
        self._services.recorder.record(TokenRefused(checked, TokenCarrier.HTTP, session_id))
        wait = _RETRY_SECONDS if checked is AccessRefusal.UNAVAILABLE else None
        raise PublishError(_CODES[checked], _SENTENCES.get(checked, checked.sentence), retry_after_seconds=wait)

    async def _charge(self, request: EventRequest, record: LiveRecord, principal: Principal | None) -> None:
        """Charge a connection, to a session that the reader may enter. Raises ``PublishError``."""
        quotas = self._services.quotas
        account = quotas and quotas.account(record.session_id, principal, request.address)
        if account and (exceeded := await account.charge_connection()) is not None:
            wait = exceeded.retry_after_seconds
            raise PublishError(PublishErrorCode.QUOTA_REACHED, str(exceeded), retry_after_seconds=wait)
        key = session_key(record.space, record.session_id)
        if record.session_key != live_key(key, request.secret) or isinstance(
            await self._services.store.open(key, request.secret), SessionReserved
        ):
            raise PublishError(PublishErrorCode.SESSION_RESERVED, _RESERVED)


def _may_read(record: LiveRecord, session_id: str, principal: Principal | None) -> bool:
    """Whether the stream is one of a session that the reader may enter, and of the one that it names."""
    if session_id not in ("", record.session_id):
        return False
    if principal is None:
        return not record.space
    return record.space == principal.space and principal.grant.may_enter(principal.space, record.session_id)
