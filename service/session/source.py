"""The chunks that a delivery sends."""

from typing import Protocol

from msgspec import UNSET

from service.content.chunk_frames import ChunkFrames
from service.content.plan import Piece, Plan


class ChunkSource(Protocol):
    """Chunks by index, each taken once and in order. The number of chunks may be open until the end."""

    def chunk(self, index: int) -> Piece | None:
        """Return the chunk; ``None`` if there is none, or none yet."""

    def ended(self, index: int) -> bool:
        """Whether there will never be a chunk at ``index``, the next to be taken."""

    @property
    def planned(self) -> int:
        """The number of chunks that are fixed unless the rest is skipped, without the last one of the stream."""

    @property
    def frames(self) -> ChunkFrames:
        """The frames of the chunks that are fixed."""

    def size_bytes(self, start: int, end: int) -> int:
        """Return the bytes of UTF-8 of the fixed chunks in ``[start, end)``."""

    def skip(self, index: int) -> None:
        """Merge everything from ``index`` on into as few chunks as possible; called at most once."""


class PlanSource:
    """The chunks of a finished plan. Merged chunks depend only on the plan and on the index of the skip."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._text = plan.chunks.text
        self._bounds = plan.chunks.bounds
        self._closes = plan.closes
        self._node, self._close = 0, ""
        """The last close text: most chunks have that of the one before."""
        self._skip_at = len(plan.chunks)
        self._merged_until = len(plan.chunks)
        """The chunk of the plan at which the next merged chunk starts."""

    def chunk(self, index: int) -> Piece | None:
        if index >= self._skip_at:
            return self._merge()
        data = self._text[self._bounds[index] : self._bounds[index + 1]]
        if self._closes is None:
            return data, UNSET
        node = self._closes.indices[index]
        if node != self._node:
            self._node, self._close = node, self._closes.text(node)
        return data, self._close

    def ended(self, index: int) -> bool:
        return index >= self._skip_at and self._merged_until >= len(self._plan.chunks)

    @property
    def planned(self) -> int:
        return min(self._skip_at, len(self._plan.chunks) - 1)

    @property
    def frames(self) -> ChunkFrames:
        return self._plan.frames

    def size_bytes(self, start: int, end: int) -> int:
        return self._plan.size_bytes(start, end)

    def skip(self, index: int) -> None:
        self._skip_at = self._merged_until = index

    def seek(self, index: int) -> int:
        """Make ``index``, which must exist, the next to be taken; return the chunk of the plan at which it starts."""
        if index <= self._skip_at:
            return index
        merged_until = self._plan.merged_until(self._skip_at, index - self._skip_at)
        assert merged_until is not None
        self._merged_until = merged_until
        return merged_until

    def _merge(self) -> Piece | None:
        start = self._merged_until
        if start >= len(self._plan.chunks):
            return None
        self._merged_until = end = self._plan.reach(start)
        return self._plan.joined(start, end)
