"""Keys, revocations and quotas in Redis, shared by the processes of all machines that use the same server.

Keys, under ``streaming:access:`` and their version:

- ``keys``, a hash: by digest, the key of a service, after the time of its revocation and a space
- ``digests``, a hash: by the id of a key, its digest
- ``revocations`` and ``revocations:ends``, sorted sets by sequence and by end, with a time to live
- ``quota:<charge>``, a number: until when the quota is in use, in microseconds, with a time to live
"""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from service.access.api_key import KEY_ISSUER, ApiKey
from service.access.quota import Charge, QuotaExceeded
from service.access.revocation import KEY_REVOCATION_KEPT_SECONDS, Revocation
from service.events import Operation
from service.process.dependency_calls import MeasureCall, unmeasured
from service.stores.redis import access_scripts
from service.stores.redis.client import DEADLINE_SECONDS, RedisClient

_BATCH = 1000
"""Revocations in one call, during which Redis serves no other."""
_KEYS, _DIGESTS, _REVOCATIONS, _ENDS = (
    access_scripts.PREFIX + name for name in ("keys", "digests", "revocations", "revocations:ends")
)


class RedisAccessStore:
    """Implements ``access.ports.AccessStore``. ``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    A call that got no answer within the deadline raises ``NoAnswer``. Keys and revocations are as durable as the
    persistence of Redis.
    """

    def __init__(self, url: str, deadline_seconds: float = DEADLINE_SECONDS, measure: MeasureCall = unmeasured) -> None:
        self._server = RedisClient(url, deadline_seconds, measure)

    async def add_key(self, key: ApiKey) -> None:
        await self._server.run(
            access_scripts.ADD_KEY,
            [_KEYS, _DIGESTS],
            key.key_id,
            key.digest.hex(),
            msgspec.json.encode(key),
        )

    async def find_key(self, digest: bytes) -> ApiKey | None:
        found = await self._server.command(Operation.FIND_KEY, "HGET", _KEYS, digest.hex())
        return None if found is None else _key(found)

    async def keys(self) -> Sequence[ApiKey]:
        found = await self._server.command(Operation.ADMINISTER, "HVALS", _KEYS)
        return sorted(map(_key, found), key=lambda key: (key.created_at, key.key_id))

    async def revoke_key(self, key_id: str, now: float) -> bool:
        revocation = Revocation(0, KEY_ISSUER, key_id, "", now)
        return bool(
            await self._server.run(
                access_scripts.REVOKE_KEY,
                [_KEYS, _DIGESTS, _REVOCATIONS, _ENDS],
                key_id,
                repr(now),
                *_kept(revocation, KEY_REVOCATION_KEPT_SECONDS),
            )
        )

    async def revoke(self, revocation: Revocation, kept_seconds: float) -> int:
        sequence = await self._server.run(
            access_scripts.REVOKE, [_REVOCATIONS, _ENDS], *_kept(revocation, kept_seconds)
        )
        return int(sequence)

    async def revocations(self, after: int) -> Sequence[Revocation]:
        found: list[Revocation] = []
        while True:
            now, members = await self._server.run(access_scripts.REVOCATIONS, [_REVOCATIONS], after, _BATCH)
            for member in members:
                sequence, ends_at, revocation = member.split(b" ", 2)
                after = int(sequence)
                if int(ends_at) > int(now):
                    found.append(structs.replace(msgspec.json.decode(revocation, type=Revocation), sequence=after))
            if len(members) < _BATCH:
                return found

    async def charge(self, charges: Sequence[Charge]) -> QuotaExceeded | None:
        rates = [part for charge in charges for part in (charge.cost, charge.interval, charge.tolerance)]
        exceeded = await self._server.run(access_scripts.CHARGE, _quotas(charges), *rates)
        if not exceeded:
            return None
        number, excess = exceeded
        first = charges[number - 1]
        return QuotaExceeded(first.kind, first.owner, excess / 1e6)

    async def debit(self, charges: Sequence[Charge]) -> None:
        rates = [part for charge in charges for part in (charge.cost, charge.interval)]
        await self._server.run(access_scripts.DEBIT, _quotas(charges), *rates)

    async def close(self) -> None:
        await self._server.close()


def _quotas(charges: Sequence[Charge]) -> list[str]:
    return [f"{access_scripts.PREFIX}quota:{charge.key}" for charge in charges]


def _kept(revocation: Revocation, kept_seconds: float) -> tuple[bytes, int]:
    return msgspec.json.encode(revocation), round(kept_seconds * 1e6)


def _key(stored: bytes) -> ApiKey:
    revoked_at, _, key = stored.partition(b" ")
    return structs.replace(msgspec.json.decode(key, type=ApiKey), revoked_at=float(revoked_at) if revoked_at else None)
