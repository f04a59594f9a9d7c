"""A plan: what one content becomes. The same request and limits always give the same plan."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import force_setattr

from service.content.chunk import ends
from service.content.removal import Removal
from service.protocol.errors import ChunkingFailed
from service.protocol.messages import GAP_SECONDS, Complexity, Speed

Piece = tuple[str, str | UnsetType]
"""What a chunk tells: its data, and in incremental mode the end tags that close what is open after it."""


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
    removed: Mapping[Removal, int] = {}
    """What sanitising took out; only kinds of which there was one."""
    closes: Sequence[str] | None = None
    """In incremental mode, the end tags that close what is open after each chunk."""
    failure: ChunkingFailed | None = None
    """Why the chunks are a fallback's, if they are. Such a plan is for one stream, and not to be kept."""
    ends: Sequence[int] = ()
    """Where each chunk ends in all of them joined, in characters. This and the next are reckoned where the plan is
    made, which is off the event loop."""
    longest_chunk_characters: int = 0

    def __post_init__(self) -> None:
        force_setattr(self, "ends", ends(self.chunks))
        force_setattr(self, "longest_chunk_characters", max(map(len, self.chunks)))

    @property
    def characters(self) -> int:
        """Of all chunks."""
        return self.ends[-1]

    @property
    def gap_seconds(self) -> float:
        return GAP_SECONDS[self.speed]

    def joined(self, start: int, end: int) -> Piece:
        """The chunks from ``start`` to before ``end`` as one."""
        close = UNSET if self.closes is None else self.closes[end - 1]
        return "".join(self.chunks[start:end]), close

    def reach(self, start: int) -> int:
        """Before which chunk to stop, so that all from ``start`` on are within the chunk limit; one always is taken.

        Chunks that are whole alone are whole together.
        """
        begin = self.ends[start - 1] if start else 0
        return max(start + 1, bisect_right(self.ends, begin + self.max_chunk_characters))

    def merged_until(self, start: int, times: int) -> int | None:
        """Before which chunk the last of so many merged ones stops, from ``start`` on; ``None`` if there are fewer."""
        for _ in range(times):
            if start >= len(self.chunks):
                return None
            start = self.reach(start)
        return start
