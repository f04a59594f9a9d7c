"""Who tokens belong to, in memory."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from service.access.api_key import ApiKey
from service.access.principal import AccessRefusal, Principal
from service.access.quota import Charge, QuotaExceeded
from service.access.revocation import Revocation, RevokedTokens
from service.events import Event
from service.protocol.instant import Instant
from service.session.ports import Recorder
from service.websocket.access_control import AccessControl
from tests.unit.websocket.in_memory import Ids

KEPT_SECONDS = 3600.0


class Tokens:
    """An authenticator: each token stands for a principal or a refusal; unknown ones are invalid."""

    def __init__(self, known: dict[str, Principal | AccessRefusal]) -> None:
        self.known = known
        self.calls: list[tuple[str, float]] = []

    async def authenticate(self, token: str, now: float) -> Principal | AccessRefusal:
        self.calls.append((token, now))
        return self.known.get(token, AccessRefusal.INVALID)


class Events(list[Event]):
    """A recorder."""

    def record(self, event: Event) -> None:
        self.append(event)


def access_control(
    tokens: Tokens, wall: float = 0.0, *, revocations_read: bool = True, events: Recorder | None = None
) -> AccessControl:
    """``events`` receives the events; its clock stands still."""
    recorder = Events() if events is None else events
    access = AccessControl(tokens, RevokedTokens(KEPT_SECONDS), lambda: Instant(0.0, wall), recorder, Ids())
    access.revocations_read = revocations_read
    return access


class AccessStore:
    """Revocations and charges in memory; keys there are none. Quotas have no time: what is used stays used."""

    def __init__(self) -> None:
        self.recorded: list[Revocation] = []
        self.asked: list[int] = []
        self.used: Counter[str] = Counter()
        self.exception: Exception | None = None
        self.asked_again = asyncio.Event()

    async def add_key(self, key: ApiKey) -> None:
        raise NotImplementedError

    async def find_key(self, digest: bytes) -> ApiKey | None:
        return None

    async def keys(self) -> Sequence[ApiKey]:
        return ()

    async def revoke_key(self, key_id: str, now: float) -> bool:
        return False

    async def revoke(self, revocation: Revocation, kept_seconds: float) -> int:
        self._fail()
        self.recorded.append(replace(revocation, sequence=len(self.recorded) + 1))
        return len(self.recorded)

    async def revocations(self, after: int) -> Sequence[Revocation]:
        if self.asked:
            self.asked_again.set()
        self.asked.append(after)
        self._fail()
        return self.recorded[after:]

    async def charge(self, charges: Sequence[Charge]) -> QuotaExceeded | None:
        self._fail()
        for charge in charges:
            if self.used[charge.key] + max(1, charge.cost) > charge.per_minute:
                return QuotaExceeded(charge.kind, charge.owner, 1.2345)
        await self.debit(charges)
        return None

    async def debit(self, charges: Sequence[Charge]) -> None:
        self._fail()
        for charge in charges:
            self.used[charge.key] += charge.cost

    async def close(self) -> None:
        """Nothing is open."""

    def _fail(self) -> None:
        if self.exception is not None:
            raise self.exception
