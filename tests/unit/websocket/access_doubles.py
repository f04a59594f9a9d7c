"""Who tokens belong to, in memory."""

from service.access.principal import AccessRefusal, Principal
from service.access.revocation import RevokedTokens
from service.protocol.instant import Instant
from service.websocket.access_control import AccessControl

KEPT_SECONDS = 3600.0


class Tokens:
    """An authenticator: each token stands for a principal or a refusal; unknown ones are invalid."""

    def __init__(self, known: dict[str, Principal | AccessRefusal]) -> None:
        self.known = known
        self.calls: list[tuple[str, float]] = []

    async def authenticate(self, token: str, now: float) -> Principal | AccessRefusal:
        self.calls.append((token, now))
        return self.known.get(token, AccessRefusal.INVALID)


def access_control(tokens: Tokens, wall: float = 0.0, *, revocations_read: bool = True) -> AccessControl:
    access = AccessControl(tokens, RevokedTokens(KEPT_SECONDS), lambda: Instant(0.0, wall))
    access.revocations_read = revocations_read
    return access
