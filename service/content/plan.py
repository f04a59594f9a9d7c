"""A plan: the chunks of one request. The same request and limits always give the same plan."""

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import force_setattr

from service.content.chunk_frames import ChunkFrames
from service.content.chunks import Chunks, CloseTexts
from service.content.html.removal import Removal
from service.protocol.errors import ChunkingFailed
from service.protocol.messages import GAP_SECONDS, Complexity, Speed

USABLE_SHARE = 0.95
"""Usable part of the remaining time: a late stream is shifted, not accelerated."""
RESERVED_SECONDS = 1.0
"""Reserved for preparation before the first chunk and messages after the last."""

Piece = tuple[str, str | UnsetType]
"""The data of a chunk, and in incremental mode its close text."""


class Plan(Struct, frozen=True, dict=True):
    """Chunks in order, never empty, with their statistics."""

    chunks: Chunks
    complexity: Complexity
    word_count: int
    has_html: bool
    speed: Speed
    """Never ``adaptive``."""
    max_chunk_characters: int
    """The limit for merged chunks after a skip."""
    removed: Mapping[Removal, int] = {}
    """What sanitising removed, by kind; kinds without a removal are absent."""
    closes: CloseTexts | None = None
    """In incremental mode, the close text of each chunk."""
    failure: ChunkingFailed | None = None
    """Set if the chunks come from the fallback. Such a plan is for one stream and is not cached."""
    longest_chunk_characters: int = 0
    """Computed when the plan is made, which is outside the event loop."""

    def __post_init__(self) -> None:
        force_setattr(self, "longest_chunk_characters", max(self.chunks.lengths))

    @property
    def characters(self) -> int:
        """The length of all chunks."""
        return len(self.chunks.text)

    @property
    def gap_seconds(self) -> float:
        return GAP_SECONDS[self.speed]

    @cached_property
    def frames(self) -> ChunkFrames:
        """The frames of the chunks, for all streams of this plan."""
        return ChunkFrames(self.chunks, self.closes)

    def chunks_in(self, seconds: float) -> int:
        """Return how many chunks a session that ends after ``seconds`` has time for, at least one."""
        return 1 + max(0, int((seconds * USABLE_SHARE - RESERVED_SECONDS) / self.gap_seconds))

    def fits(self, seconds: float) -> bool:
        """Return whether a session that ends after ``seconds`` has time for all chunks."""
        return len(self.chunks) <= self.chunks_in(seconds)

    def size_bytes(self, start: int, end: int) -> int:
        """Return the bytes of UTF-8 of the chunks in ``[start, end)``."""
        data, _ = self.joined(start, end)
        return len(data) if data.isascii() else len(data.encode())

    def joined(self, start: int, end: int) -> Piece:
        """Return the chunks in ``[start, end)`` as one."""
        bounds = self.chunks.bounds
        return self.chunks.text[bounds[start] : bounds[end]], UNSET if self.closes is None else self.closes[end - 1]

    def reach(self, start: int) -> int:
        """Return the end of a merged chunk that begins at ``start``: within the chunk limit, but at least one chunk.

        Chunks that are valid separately are valid when merged.
        """
        bounds = self.chunks.bounds
        return max(start + 1, bisect_right(bounds, bounds[start] + self.max_chunk_characters) - 1)

    def merged_until(self, start: int, times: int) -> int | None:
        """Return the end of the last of ``times`` merged chunks from ``start`` on; ``None`` if there are fewer."""
        for _ in range(times):
            if start >= len(self.chunks):
                return None
            start = self.reach(start)
        return start
