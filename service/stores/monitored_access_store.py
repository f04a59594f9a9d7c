"""The access store behind a breaker: while it is unavailable, calls fail at once."""

from collections.abc import Sequence

from service.access.api_key import ApiKey
from service.access.ports import AccessStore
from service.access.quota import Charge, QuotaExceeded
from service.access.revocation import Revocation
from service.events import Dependency
from service.session.ports import Recorder
from service.stores.breaker import Breaker
from service.stores.dependency_monitor import DependencyMonitor

_NO_DIGEST = b""
"""Of no key: for probes."""


class MonitoredAccessStore:
    """Fulfils ``access.ports.AccessStore`` over a ``primary`` that may be unavailable, and records whether it is.

    It is probed in the background until it answers. A write that is refused is no outage: a full store still finds
    keys.
    """

    def __init__(self, primary: AccessStore, recorder: Recorder, breaker: Breaker | None = None) -> None:
        self._primary = primary
        self._monitor = DependencyMonitor(
            Dependency.ACCESS_STORE,
            lambda: primary.find_key(_NO_DIGEST),
            recorder,
            breaker,
            silence_is_conclusive=True,
        )

    async def add_key(self, key: ApiKey) -> None:
        await self._monitor.write(lambda: self._primary.add_key(key))

    async def find_key(self, digest: bytes) -> ApiKey | None:
        return await self._monitor.call(lambda: self._primary.find_key(digest))

    async def keys(self) -> Sequence[ApiKey]:
        return await self._monitor.call(self._primary.keys)

    async def revoke_key(self, key_id: str, now: float) -> bool:
        return await self._monitor.write(lambda: self._primary.revoke_key(key_id, now))

    async def revoke(self, revocation: Revocation, kept_seconds: float) -> int:
        return await self._monitor.write(lambda: self._primary.revoke(revocation, kept_seconds))

    async def revocations(self, after: int) -> Sequence[Revocation]:
        return await self._monitor.call(lambda: self._primary.revocations(after))

    async def charge(self, charges: Sequence[Charge]) -> QuotaExceeded | None:
        return await self._monitor.write(lambda: self._primary.charge(charges))

    async def debit(self, charges: Sequence[Charge]) -> None:
        await self._monitor.write(lambda: self._primary.debit(charges))

    async def close(self) -> None:
        await self._monitor.close()
        await self._primary.close()
