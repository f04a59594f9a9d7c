"""Who may cancel a live stream over HTTP: its producers, and those of its readers who may do so on a socket."""

from typing import Protocol

from msgspec import Struct

from service.access.scope import Scope
from service.access.session_key import live_key, session_key
from service.events import TokenCarrier
from service.live.ports import LiveStore
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.refusals import unknown_stream
from service.publishing.rights import OperatorToken, Producer, TokenHolders
from service.session.ports import SessionStore
from service.session.records import SessionReserved

_RESERVED = "The session is reserved. Send its secret in X-Session-Secret."


class Canceller(Struct, frozen=True):
    """Who wants to cancel which stream."""

    stream_id: str
    token: str
    """Empty without one."""
    session_id: str
    """Empty if none is named."""
    secret: bytes | None
    """The digest of the secret of the session."""


class CancelGuard(Protocol):
    async def check(self, canceller: Canceller) -> None:
        """Return if the stream may be cancelled. Raises ``PublishError`` and ``StoreUnavailable``."""


class SessionKnowers:
    """Without authentication: the holder of ``PUBLISH_TOKEN``, and those who know the session and its secret."""

    def __init__(self, operator: OperatorToken, store: LiveStore, sessions: SessionStore) -> None:
        self._operator = operator
        self._store = store
        self._sessions = sessions

    async def check(self, canceller: Canceller) -> None:
        if canceller.token or not canceller.session_id:
            await self._operator.check(canceller.token, TokenCarrier.HTTP)
            return
        record = await self._store.get(canceller.stream_id)
        if record is None or record.space or record.session_id != canceller.session_id:
            raise unknown_stream()
        key = session_key("", canceller.session_id)
        if record.session_key != live_key(key, canceller.secret) or isinstance(
            await self._sessions.open(key, canceller.secret), SessionReserved
        ):
            raise PublishError(PublishErrorCode.SESSION_RESERVED, _RESERVED)


class ControlHolders:
    """With authentication: holders of the scope ``publish`` for the session, or of ``control`` in their own space."""

    def __init__(self, holders: TokenHolders, store: LiveStore) -> None:
        self._holders = holders
        self._store = store

    async def check(self, canceller: Canceller) -> None:
        principal = await self._holders.authenticate(canceller.token, TokenCarrier.HTTP)
        grant = principal.grant
        if not grant.scopes & {Scope.PUBLISH, Scope.CONTROL}:
            raise self._holders.forbid(TokenCarrier.HTTP)
        record = await self._store.get(canceller.stream_id)
        if record is None:
            raise unknown_stream()
        publishes = Scope.PUBLISH in grant.scopes and Producer(principal).covers(record.space, record.session_id)
        own = record.session_key == live_key(session_key(principal.space, record.session_id), canceller.secret)
        controls = Scope.CONTROL in grant.scopes and own and grant.may_enter(principal.space, record.session_id)
        if not (publishes or controls):
            raise unknown_stream()
