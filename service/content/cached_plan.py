"""A plan in the memory cache."""

import sys

from msgspec import Struct
from msgspec.structs import force_setattr

from service.content.plan import Plan


class CachedPlan(Struct, frozen=True):
    """A complete plan, not coalesced for a session, shared by many streams."""

    plan: Plan
    packed: bytes | None = None
    """The packed plan, if it was needed."""
    memory_bytes: int = 0
    """The size of both, computed when the plan is made, outside the event loop."""

    def __post_init__(self) -> None:
        parts: list[object] = [self, self.plan, self.packed, self.plan.chunks.text, self.plan.chunks.bounds]
        if (closes := self.plan.closes) is not None:
            parts += [closes.indices, closes.parents, closes.tags, *closes.tags]
        force_setattr(self, "memory_bytes", sum(map(sys.getsizeof, parts)))
