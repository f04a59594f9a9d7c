"""Quotas: how much a principal or an address may use in a minute, by GCRA (the generic cell rate algorithm)."""

from msgspec import Struct

from service.protocol.fields import DescribedEnum
from service.protocol.quota_kind import QuotaKind

MINUTE = 60_000_000
"""In microseconds, the unit of all times here: whole numbers, which Lua and SQL represent exactly."""


class QuotaOwner(DescribedEnum):
    PRINCIPAL = "principal", "the user or service of the token"
    ADDRESS = "address", "the address of the client"


class Charge(Struct, frozen=True):
    """``cost`` units of a quota of ``per_minute`` units. A quota is at least 1; a cost is at most the quota, or 0."""

    kind: QuotaKind
    owner: QuotaOwner
    name: str
    """Of the owner: distinct for all principals and addresses."""
    per_minute: int
    cost: int = 1

    @property
    def key(self) -> str:
        """Under which a store keeps what is used."""
        return f"{self.kind}:{self.owner}:{self.name}"

    @property
    def interval(self) -> int:
        """The time in which one unit is free again, rounded up: never more than ``per_minute`` are free in a minute."""
        return -(-MINUTE // self.per_minute)

    @property
    def tolerance(self) -> int:
        """The time in which all units are free again, which may be used at once."""
        return self.interval * self.per_minute


class QuotaExceeded(Struct, frozen=True):
    """The first charge of several that does not fit; then none of them is made."""

    kind: QuotaKind
    owner: QuotaOwner
    retry_after_seconds: float


def used_until(charge: Charge, before: int, now: int) -> int:
    """Return until when the quota is in use after the charge, whether it fits or not.

    ``before`` is the same before it; 0 for a quota that was never used.
    """
    return max(before, now) + charge.cost * charge.interval


def excess(charge: Charge, after: int, now: int) -> int:
    """Return the time after which the charge fits; 0 if it fits now. ``after`` is the result of ``used_until``.

    One of no cost asks whether one unit is free.
    """
    limit = charge.tolerance - (charge.interval if charge.cost == 0 else 0)
    return max(0, after - now - limit)
