"""Who may write live streams: the holder of a token with the scope ``publish``, or of the token of the operator."""

import secrets
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct
from pydantic import SecretStr

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Scope
from service.events import TokenCarrier, TokenRefused
from service.http.admin_guard import BearerCredentials
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.session.ports import Recorder
from service.websocket.access_control import AccessControl

_CODES: Mapping[AccessRefusal, PublishErrorCode] = {
    AccessRefusal.MISSING: PublishErrorCode.UNAUTHENTICATED,
    AccessRefusal.INVALID: PublishErrorCode.UNAUTHENTICATED,
    AccessRefusal.EXPIRED: PublishErrorCode.TOKEN_EXPIRED,
    AccessRefusal.REVOKED: PublishErrorCode.TOKEN_REVOKED,
    AccessRefusal.FORBIDDEN: PublishErrorCode.FORBIDDEN,
    AccessRefusal.UNAVAILABLE: PublishErrorCode.AUTH_UNAVAILABLE,
}
_WITH_TOKENS = {
    AccessRefusal.MISSING: "This needs a token with the scope publish: Authorization: Bearer <token>.",
    AccessRefusal.INVALID: "The token is not valid here. Get a new one from the issuer.",
    AccessRefusal.EXPIRED: "The token has expired. Get a new one.",
    AccessRefusal.FORBIDDEN: "The token does not allow this. Ask for the scope publish, and for this session.",
    AccessRefusal.UNAVAILABLE: "The token cannot be checked now. Try again in some seconds.",
}
_WITHOUT_TOKENS = {
    AccessRefusal.MISSING: "This needs the token that the operator has set: Authorization: Bearer <PUBLISH_TOKEN>.",
    AccessRefusal.INVALID: "The token is not the PUBLISH_TOKEN that the operator has set. Correct it.",
}
_OFF = "Publishing is off. Set PUBLISH_TOKEN to allow it, or AUTH_MODE for tokens with the scope publish."
_RETRY_SECONDS = 5.0


class Producer(Struct, frozen=True):
    """Who publishes."""

    principal: Principal | None = None
    """``None`` for the holder of ``PUBLISH_TOKEN``."""

    @property
    def name(self) -> str:
        """Distinct for each producer."""
        return "" if self.principal is None else self.principal.name

    @property
    def space(self) -> str:
        """The one of its sessions, unless it names another."""
        return "" if self.principal is None else self.principal.space

    def covers(self, space: str, session_id: str) -> bool:
        """Whether it may publish into the session."""
        if self.principal is None:
            return not space
        return self.principal.grant.covers(self.principal.space, space, session_id)


class ProducerGuard(Protocol):
    """Checks the tokens of producers."""

    @property
    def is_open(self) -> bool:
        """Whether any token is accepted."""

    async def check(self, token: str, carrier: TokenCarrier) -> Producer:
        """Return whose token it is; empty for none. Raises ``PublishError``, and records the refusal."""

    def refuse_missing(self, carrier: TokenCarrier) -> PublishError:
        """Record that there is no token, and return the error. Where publishing is off, no token is refused."""


class TokenHolders:
    """With authentication: the holders of tokens with the scope ``publish``."""

    is_open = True

    def __init__(self, access: AccessControl, recorder: Recorder) -> None:
        self._access = access
        self._recorder = recorder

    async def check(self, token: str, carrier: TokenCarrier) -> Producer:
        principal = await self.authenticate(token, carrier)
        if Scope.PUBLISH not in principal.grant.scopes:
            raise self.forbid(carrier)
        return Producer(principal)

    async def authenticate(self, token: str, carrier: TokenCarrier) -> Principal:
        """Return whose token it is, with or without the scope. Raises ``PublishError``, and records the refusal."""
        if not token:
            raise self.refuse_missing(carrier)
        checked = await self._access.authenticate(token)
        if isinstance(checked, AccessRefusal):
            raise self._refused(checked, carrier)
        return checked

    def forbid(self, carrier: TokenCarrier) -> PublishError:
        """Record that the token lacks a scope, and return the error."""
        return self._refused(AccessRefusal.FORBIDDEN, carrier)

    def refuse_missing(self, carrier: TokenCarrier) -> PublishError:
        return self._refused(AccessRefusal.MISSING, carrier)

    def _refused(self, refusal: AccessRefusal, carrier: TokenCarrier) -> PublishError:
        self._recorder.record(TokenRefused(refusal, carrier))
        wait = _RETRY_SECONDS if refusal is AccessRefusal.UNAVAILABLE else None
        sentence = _WITH_TOKENS.get(refusal, refusal.sentence)
        return PublishError(_CODES[refusal], sentence, retry_after_seconds=wait)


class OperatorToken:
    """Without authentication: the holder of ``PUBLISH_TOKEN``."""

    def __init__(self, token: SecretStr | None, recorder: Recorder) -> None:
        """Without a token, publishing is off."""
        self._secret = None if token is None else token.get_secret_value().encode()
        self._recorder = recorder

    @property
    def is_open(self) -> bool:
        return self._secret is not None

    async def check(self, token: str, carrier: TokenCarrier) -> Producer:
        if self._secret is None or not token:
            raise self.refuse_missing(carrier)
        if not secrets.compare_digest(token.encode(errors="surrogatepass"), self._secret):
            raise self._refused(AccessRefusal.INVALID, carrier)
        return Producer()

    def refuse_missing(self, carrier: TokenCarrier) -> PublishError:
        if self._secret is not None:
            return self._refused(AccessRefusal.MISSING, carrier)
        return PublishError(PublishErrorCode.PUBLISHING_OFF, _OFF)

    def _refused(self, refusal: AccessRefusal, carrier: TokenCarrier) -> PublishError:
        self._recorder.record(TokenRefused(refusal, carrier))
        return PublishError(_CODES[refusal], _WITHOUT_TOKENS[refusal])


class HttpProducer:
    """A dependency of routes: who publishes. Nothing of a body is read before."""

    def __init__(self, guard: ProducerGuard) -> None:
        self._guard = guard

    async def __call__(self, credentials: BearerCredentials) -> Producer:
        token = "" if credentials is None else credentials.credentials
        return await self._guard.check(token, TokenCarrier.HTTP)
