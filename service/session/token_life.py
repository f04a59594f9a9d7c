"""The token of a connection: the warning before its end, its refresh, and its end."""

import math

from msgspec import UNSET, Struct

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Scope
from service.protocol.errors import RefreshRefused, ScopeMissing
from service.protocol.instant import Instant, iso
from service.protocol.messages import ClientMessage, ControlAction, Recover, StreamControl, StreamRequest
from service.protocol.server_messages import AuthExpiring, AuthRefreshed
from service.session import effects
from service.session.deadlines import Deadlines
from service.session.step import StepBuilder
from service.session.stream_state import StreamState

WARNING_SECONDS = 60.0
"""The time between the warning and the end of a token."""

_STREAMING = (StreamRequest, Recover, StreamControl)

_WITHOUT_STREAM = "The token lacks the scope stream, which this message needs. Send auth_refresh with one that has it."
_WITHOUT_CONTROL = "The token lacks the scope control, which cancels a live stream for everybody. Send leave instead."
_CHECKING = "An auth_refresh is being checked. Wait for its answer."
_ANOTHER_USER = "This token is of another user. Send one of the same issuer, subject and space, or reconnect with it."
_ANOTHER_SESSION = "This token does not allow this session. Ask for its scope and its sessions."


class Validity(Struct, frozen=True):
    """When a token ends and when its client is warned, in monotonic seconds; infinite for one that does not expire."""

    warns_at: float = math.inf
    ends_at: float = math.inf

    @classmethod
    def of(cls, principal: Principal, now: Instant) -> "Validity":
        if principal.expires_at is None:
            return cls()
        ends_at = now.seconds + principal.expires_at - now.wall
        return cls(ends_at - WARNING_SECONDS, ends_at)


class TokenLife:
    """The token that holds for a connection. Nothing of a stream changes with it."""

    __slots__ = ("_builder", "_checking", "_deadlines", "_session_id", "principal")

    def __init__(
        self, principal: Principal, session_id: str, now: Instant, deadlines: Deadlines, builder: StepBuilder
    ) -> None:
        self.principal = principal
        self._session_id = session_id
        self._deadlines = deadlines
        self._builder = builder
        self._checking = False
        """Whether a new token is being checked."""
        self._adopt(principal, now)

    def check(self, message: ClientMessage, current: StreamState | None = None) -> ScopeMissing | None:
        """Return why the token does not allow the message; ``None`` if it does.

        A control acts on the ``current`` stream. A live one may be read by all who may connect.
        """
        scopes = self.principal.grant.scopes
        if isinstance(message, StreamControl) and current is not None and current.watch is not None:
            cancels = message.action is ControlAction.CANCEL
            return ScopeMissing(_WITHOUT_CONTROL) if cancels and Scope.CONTROL not in scopes else None
        return ScopeMissing(_WITHOUT_STREAM) if isinstance(message, _STREAMING) and Scope.STREAM not in scopes else None

    def warn(self, now: Instant) -> None:
        """Send the warning if it is due."""
        expires_at = self.principal.expires_at
        if expires_at is not None and self._deadlines.take_warning(now.seconds):
            seconds_left = max(0, int(expires_at - now.wall))
            self._builder.send(AuthExpiring(now.timestamp, iso(expires_at), seconds_left))

    def refresh(self, token: str) -> None:
        """Check a new token, one at a time."""
        if self._checking:
            self._builder.send_error(RefreshRefused(_CHECKING))
        else:
            self._checking = True
            self._builder.request(effects.Authenticate(effects.REFRESH_TICKET, token))

    def resolve(self, result: effects.EffectResult, now: Instant) -> None:
        """The new token is checked: it holds from now on, or the old one goes on."""
        self._checking = False
        match result:
            case effects.TokenChecked(_, Principal() as principal):
                self._replace(principal, now)
            case effects.TokenChecked(_, AccessRefusal() as refusal):
                self._refuse(refusal, refusal.sentence)
            case effects.EffectFailed():
                self._builder.send_error(result.error)
            case _:
                raise AssertionError(result)

    def _replace(self, principal: Principal, now: Instant) -> None:
        if not principal.continues(self.principal):
            self._refuse(AccessRefusal.FORBIDDEN, _ANOTHER_USER)
        elif not principal.grant.may_enter(principal.space, self._session_id):
            self._refuse(AccessRefusal.FORBIDDEN, _ANOTHER_SESSION)
        else:
            self._adopt(principal, now)
            expires_at = principal.expires_at
            self._builder.send(AuthRefreshed(now.timestamp, UNSET if expires_at is None else iso(expires_at)))

    def _refuse(self, refusal: AccessRefusal, sentence: str) -> None:
        self._builder.log.refresh_refused(refusal)
        self._builder.send_error(RefreshRefused(sentence))

    def _adopt(self, principal: Principal, now: Instant) -> None:
        self.principal = principal
        validity = Validity.of(principal, now)
        self._deadlines.set_token_end(validity.warns_at, validity.ends_at)
