"""Checks tokens: by their signature or their key, and against what was revoked."""

from collections.abc import Callable

from service.access.ports import Authenticator
from service.access.principal import AccessRefusal, Principal
from service.access.revocation import RevokedTokens
from service.events import TokenChecked
from service.protocol.instant import Instant
from service.session.ports import Recorder


class AccessControl:
    """Checks tokens in one process. While the store is unavailable, the revocations that were read hold."""

    def __init__(
        self, authenticator: Authenticator, revoked: RevokedTokens, clock: Callable[[], Instant], recorder: Recorder
    ) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._recorder = recorder
        self.revoked = revoked
        self.revocations_read = False
        """Whether they were read once. Before, no token is accepted: it could be a revoked one."""

    async def authenticate(self, token: str) -> Principal | AccessRefusal:
        """Return who the token was issued to, or why it is refused. Never raises."""
        if not self.revocations_read:
            return AccessRefusal.UNAVAILABLE
        began = self._clock()
        checked = await self._authenticator.authenticate(token, began.wall)
        self._recorder.record(TokenChecked(self._clock().seconds - began.seconds))
        return AccessRefusal.REVOKED if isinstance(checked, Principal) and checked in self.revoked else checked

    async def enter(self, token: str, session_id: str) -> Principal | AccessRefusal:
        """As ``authenticate``, for a connection to a session."""
        checked = await self.authenticate(token)
        if isinstance(checked, Principal) and not checked.grant.may_enter(checked.space, session_id):
            return AccessRefusal.FORBIDDEN
        return checked
