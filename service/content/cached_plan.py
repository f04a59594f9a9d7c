"""A plan in the memory cache."""

import sys

from msgspec import Struct
from msgspec.structs import force_setattr

from service.content.plan import Plan

_STRING_BYTES = 60
"""Average overhead of a short string. Measuring each chunk would take as long as packing the plan."""


class CachedPlan(Struct, frozen=True):
    """A complete plan, not coalesced for a session, shared by many streams."""

    plan: Plan
    packed: bytes | None = None
    """The packed plan, if it was needed."""
    memory_bytes: int = 0
    """Approximate size, computed when the plan is made, outside the event loop."""

    def __post_init__(self) -> None:
        plan = self.plan
        strings = sys.getsizeof("".join(plan.chunks)) + _STRING_BYTES * len(plan.chunks)
        closes = sum(map(sys.getsizeof, set(plan.closes or ())))
        lists = sum(map(sys.getsizeof, (plan.chunks, plan.closes, plan.ends, self.packed)))
        force_setattr(self, "memory_bytes", strings + closes + lists)
