"""An ``AccessStore`` in memory, which can be unavailable."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from service.access.api_key import KEY_ISSUER, ApiKey
from service.access.quota import Charge, QuotaExceeded
from service.access.revocation import Revocation
from service.session.ports import StoreUnavailable


class MemoryAccessStore:
    """Keys and revocations; quotas are not kept."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._keys = {key.digest: key for key in keys}
        self._revocations: list[Revocation] = []
        self.available = True
        self.lookups = 0

    def _ask(self) -> None:
        if not self.available:
            raise StoreUnavailable("no answer")

    async def add_key(self, key: ApiKey) -> None:
        self._ask()
        self._keys[key.digest] = key

    async def find_key(self, digest: bytes) -> ApiKey | None:
        self.lookups += 1
        self._ask()
        return self._keys.get(digest)

    async def keys(self) -> Sequence[ApiKey]:
        self._ask()
        return list(self._keys.values())

    async def revoke_key(self, key_id: str, now: float) -> bool:
        self._ask()
        for key in self._keys.values():
            if key.key_id == key_id and key.revoked_at is None:
                self._keys[key.digest] = replace(key, revoked_at=now)
                await self.revoke(Revocation(0, KEY_ISSUER, key_id, "", now), 0.0)
                return True
        return False

    async def revoke(self, revocation: Revocation, kept_seconds: float) -> int:
        self._ask()
        self._revocations.append(replace(revocation, sequence=len(self._revocations) + 1))
        return len(self._revocations)

    async def revocations(self, after: int) -> Sequence[Revocation]:
        self._ask()
        return self._revocations[after:]

    async def charge(self, charges: Sequence[Charge]) -> QuotaExceeded | None:
        return None

    async def debit(self, charges: Sequence[Charge]) -> None: ...

    async def close(self) -> None: ...
