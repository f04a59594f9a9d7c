"""A plan: what one content becomes. The same request and limits always give the same plan."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import force_setattr

from service.core.messages import Complexity, Speed

GAP_SECONDS = {Speed.SLOW: 0.3, Speed.NORMAL: 0.1, Speed.FAST: 0.05, Speed.SUPERFAST: 0.03}
"""From the start of one chunk to the start of the next."""


class Plan(Struct, frozen=True):
    """Chunks in order, never empty, and what was found out on the way."""

    chunks: Sequence[str]
    complexity: Complexity
    word_count: int
    has_html: bool
    speed: Speed
    """Never ``adaptive``."""
    max_chunk_characters: int
    """The limit under which skipped chunks may be merged."""
    characters: int = 0
    """Of all chunks; this and the next are reckoned where the plan is made, which is off the event loop."""
    longest_chunk_characters: int = 0

    def __post_init__(self) -> None:
        force_setattr(self, "characters", sum(map(len, self.chunks)))
        force_setattr(self, "longest_chunk_characters", max(map(len, self.chunks)))

    @property
    def gap_seconds(self) -> float:
        return GAP_SECONDS[self.speed]


def merged(plan: Plan, start: int) -> list[str]:
    """The chunks from ``start`` on, in as few as the chunk limit allows.

    They depend on nothing but the plan and ``start``. Chunks that are whole alone are whole together; one that is
    longer than the limit stays as it is.
    """
    merged_chunks: list[str] = []
    pending: list[str] = []
    length = 0
    for chunk in plan.chunks[start:]:
        if pending and length + len(chunk) > plan.max_chunk_characters:
            merged_chunks.append("".join(pending))
            pending, length = [], 0
        pending.append(chunk)
        length += len(chunk)
    if pending:
        merged_chunks.append("".join(pending))
    return merged_chunks
