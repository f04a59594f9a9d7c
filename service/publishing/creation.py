"""Creates live streams: opens or makes the session, counts a request of it, and stores the stream once."""

import hashlib
from collections.abc import Callable
from typing import Protocol

import msgspec
from msgspec import Struct

from service.access.session_key import live_key, session_key
from service.events.live import LiveStreamCreated
from service.live.ports import LiveNotice, LiveStore, StreamCreated
from service.live.records import LiveRecord
from service.protocol.codec import is_session_id
from service.protocol.errors import QuotaReached
from service.protocol.instant import Instant
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.protocol.trace import TraceContext
from service.publishing.rights import Producer
from service.session.ports import Ids, Recorder, SessionStore
from service.session.records import Claim, SessionReserved, SessionSnapshot
from service.websocket.quotas import Account, Quotas

_MAX_KEY_CHARACTERS = 255
_SESSION_ID = "The session id must be 1 to 64 of A-Z a-z 0-9 _ - . : and not '.' or '..'."
_KEY = f"The Idempotency-Key must be one header of 1 to {_MAX_KEY_CHARACTERS} printable ASCII characters."
_RESERVED = "The session has another secret, or none. Send that of its creator in X-Session-Secret."
_SPACE = "The token does not cover this session. Ask for a token whose sessions include it, or name another space."
_NO_SPACE = "Sessions have no space with AUTH_MODE=none. Leave it out."
_KEY_REUSED = "This Idempotency-Key was used in this session for a stream with other options. Use another key."


class Options(Struct, frozen=True):
    """What a producer chooses."""

    content_type: ContentType
    speed: Speed = Speed.ADAPTIVE
    chunk_by: ChunkBy = ChunkBy.WORD
    request_id: str | None = None


class Creation(Struct, frozen=True):
    """The call that creates a stream."""

    session_id: str
    options: Options
    space: str | None = None
    """``None`` for that of the producer."""
    key: str | None = None
    """The ``Idempotency-Key``."""
    secret: bytes | None = None
    """The digest of the secret of the session."""
    address: str = ""
    """Of the client, as limits count it."""
    trace: TraceContext | None = None


class Creator(Protocol):
    async def create(self, producer: Producer, creation: Creation) -> LiveRecord: ...


class StreamCreator:
    """Creates live streams; the same key of a producer in the same session is the same stream, and is counted once."""

    def __init__(  # noqa: PLR0913 - independent parts
        self,
        sessions: SessionStore,
        streams: LiveStore,
        *,
        quotas: Quotas | None,
        max_requests: int,
        notify: Callable[[LiveNotice], None],
        ids: Ids,
        recorder: Recorder,
        clock: Callable[[], Instant],
    ) -> None:
        """``notify`` passes a notice to the readers of all processes."""
        self._sessions = sessions
        self._streams = streams
        self._quotas = quotas
        self._max_requests = max_requests
        self._notify = notify
        self._ids = ids
        self._recorder = recorder
        self._clock = clock

    async def create(self, producer: Producer, creation: Creation) -> LiveRecord:
        """Return the stream as it is stored. Raises ``PublishError`` and ``StoreUnavailable``."""
        space = _space(producer, creation)
        account = (
            None
            if self._quotas is None
            else self._quotas.account(creation.session_id, producer.principal, creation.address)
        )
        try:
            snapshot = await self._open(session_key(space, creation.session_id), creation.secret, account)
            if account is not None:
                await account.charge_request()
        except QuotaReached as error:
            wait = error.retry_after_seconds
            raise PublishError(PublishErrorCode.QUOTA_REACHED, str(error), retry_after_seconds=wait) from None
        stream_id = await self._admit(snapshot, producer, creation)
        wanted = self._record(stream_id, live_key(snapshot.session_key, creation.secret), space, producer, creation)
        record = await self._streams.create(wanted)
        if record.trace == wanted.trace:  # not that of an earlier call
            self._recorder.record(LiveStreamCreated.of(record))
            self._notify(StreamCreated(record))
        return record

    def _record(self, stream_id: str, key: str, space: str, producer: Producer, creation: Creation) -> LiveRecord:
        options = creation.options
        return LiveRecord(
            stream_id=stream_id,
            session_key=key,
            session_id=creation.session_id,
            space=space,
            content_type=options.content_type,
            speed=options.speed,
            chunk_by=options.chunk_by,
            trace=self._ids.new_trace(creation.trace),
            request_id=options.request_id,
            creation_key=None if creation.key is None else _digest(producer.name, creation.key),
            created_at=self._clock().wall,
            subject="" if producer.principal is None else producer.principal.subject,
        )

    async def _open(self, key: str, secret: bytes | None, account: Account | None) -> SessionSnapshot:
        snapshot = await self._sessions.open(key, secret)
        if isinstance(snapshot, SessionReserved):
            raise PublishError(PublishErrorCode.SESSION_RESERVED, _RESERVED)
        if account is not None and snapshot.created and (error := await account.charge_session()) is not None:
            raise error
        return snapshot

    async def _admit(self, snapshot: SessionSnapshot, producer: Producer, creation: Creation) -> str:
        """Count a request of the session; return the id of the stream, that of the first call with the same key."""
        stream_id = self._ids.new_id()
        admission = await self._sessions.admit(snapshot, stream_id, _claim(producer, creation))
        if admission.conflicts:
            raise PublishError(PublishErrorCode.KEY_REUSED, _KEY_REUSED)
        if not admission.admitted:
            sentence = (
                f"This session has used its {self._max_requests} requests. Continue when it has ended, or use another "
                "session id."
            )
            raise PublishError(PublishErrorCode.REQUESTS_USED_UP, sentence)
        return admission.repeats or stream_id


def _space(producer: Producer, creation: Creation) -> str:
    """The space of the session, into which the producer may publish."""
    if not is_session_id(creation.session_id):
        raise PublishError(PublishErrorCode.INVALID_REQUEST, _SESSION_ID)
    key = creation.key
    if key is not None and not (0 < len(key) <= _MAX_KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise PublishError(PublishErrorCode.INVALID_REQUEST, _KEY)
    space = producer.space if creation.space is None else creation.space
    if producer.principal is None and space:
        raise PublishError(PublishErrorCode.INVALID_REQUEST, _NO_SPACE)
    if not producer.covers(space, creation.session_id):
        raise PublishError(PublishErrorCode.FORBIDDEN, _SPACE)
    return space


def _claim(producer: Producer, creation: Creation) -> Claim | None:
    """How a repetition is recognised. No reader can make the same claim: its owner is the digest of a token."""
    if creation.key is None:
        return None
    owner = _digest("publish", producer.name)
    fingerprint = hashlib.sha256(msgspec.json.encode(creation.options)).digest()
    return Claim(hashlib.sha256(creation.key.encode()).hexdigest(), fingerprint, owner, owner)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
