"""What the rules of access need from adapters."""

from collections.abc import Sequence
from typing import Protocol

from service.access.api_key import ApiKey
from service.access.principal import AccessRefusal, Principal
from service.access.quota import Charge, QuotaExceeded
from service.access.revocation import Revocation


class Authenticator(Protocol):
    """Checks a token. Comparisons take constant time."""

    async def authenticate(self, token: str, now: float) -> Principal | AccessRefusal:
        """Return the principal at ``now``, in epoch seconds, or why there is none. Never raises."""


class AccessStore(Protocol):
    """Keys, revocations and quotas of all processes. Coroutines raise only ``StoreUnavailable``.

    Every implementation passes tests/contract/access.
    """

    async def add_key(self, key: ApiKey) -> None:
        """Store a new key."""

    async def find_key(self, digest: bytes) -> ApiKey | None:
        """Return the key of this digest, whether revoked or not."""

    async def keys(self) -> Sequence[ApiKey]:
        """Return all keys, in the order in which they were made."""

    async def revoke_key(self, key_id: str, now: float) -> bool:
        """Mark the key and record its revocation, of ``KEY_ISSUER``; return false if there is none or it is revoked."""

    async def revoke(self, revocation: Revocation, kept_seconds: float) -> int:
        """Record the revocation for so long and return its sequence number."""

    async def revocations(self, after: int) -> Sequence[Revocation]:
        """Return those with a greater sequence number, in order."""

    async def charge(self, charges: Sequence[Charge]) -> QuotaExceeded | None:
        """Make all charges, or none and return the first that does not fit: exactly, under concurrent calls."""

    async def debit(self, charges: Sequence[Charge]) -> None:
        """Make charges whose cost is known only afterwards: they may exceed a quota, which then frees itself later."""

    async def close(self) -> None:
        """Release all resources."""
