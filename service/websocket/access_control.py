"""Checks tokens: by their signature or their key, and against what was revoked."""

from collections.abc import Callable

from service.access.ports import Authenticator
from service.access.principal import AccessRefusal, Principal
from service.access.revocation import RevokedTokens
from service.events import FaultRaised, FaultSource, TokenChecked
from service.protocol.instant import Instant
from service.session.ports import Ids, Recorder


class AccessControl:
    """Checks tokens in one process. While the store is unavailable, the revocations that were read hold."""

    def __init__(
        self,
        authenticator: Authenticator,
        revoked: RevokedTokens,
        clock: Callable[[], Instant],
        recorder: Recorder,
        ids: Ids,
    ) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._recorder = recorder
        self._ids = ids
        self.revoked = revoked
        self.revocations_read = False
        """Whether they were read once. Before, no token is accepted: it could be a revoked one."""

    async def authenticate(self, token: str, session_id: str = "") -> Principal | AccessRefusal:
        """Return who the token was issued to, or why it is refused. Never raises: a fault is recorded, and refuses."""
        if not self.revocations_read:
            return AccessRefusal.UNAVAILABLE
        began = self._clock()
        try:
            checked = await self._authenticator.authenticate(token, began.wall)
        except Exception as exception:  # noqa: BLE001 - the outermost guard of a check, for each carrier
            fault = FaultRaised(self._ids.new_id(), FaultSource.ACCESS, exception, session_id=session_id)
            self._recorder.record(fault)
            return AccessRefusal.UNAVAILABLE
        self._recorder.record(TokenChecked(self._clock().seconds - began.seconds))
        return AccessRefusal.REVOKED if isinstance(checked, Principal) and checked in self.revoked else checked

    async def enter(self, token: str, session_id: str) -> Principal | AccessRefusal:
        """As ``authenticate``, for a connection to a session."""
        checked = await self.authenticate(token, session_id)
        if isinstance(checked, Principal) and not checked.grant.may_enter(checked.space, session_id):
            return AccessRefusal.FORBIDDEN
        return checked
