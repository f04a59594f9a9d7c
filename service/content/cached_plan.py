"""A plan that is kept in memory, for content that may come again."""

import sys

from msgspec import Struct
from msgspec.structs import force_setattr

from service.content.plan import Plan

_STRING_BYTES = 60
"""What a short string takes beside its characters, on the average of scripts. To ask each chunk would take as long as
packing it."""


class CachedPlan(Struct, frozen=True):
    """A whole plan, not yet fitted into a session's time: that is each session's own. Many streams share it."""

    plan: Plan
    packed: bytes | None = None
    """The same as bytes, if somebody needed them."""
    memory_bytes: int = 0
    """About what it takes. Reckoned where it is made, which is off the event loop."""

    def __post_init__(self) -> None:
        plan = self.plan
        strings = sys.getsizeof("".join(plan.chunks)) + _STRING_BYTES * len(plan.chunks)
        closes = sum(map(sys.getsizeof, set(plan.closes or ())))
        lists = sum(map(sys.getsizeof, (plan.chunks, plan.closes, plan.ends, self.packed)))
        force_setattr(self, "memory_bytes", strings + closes + lists)
