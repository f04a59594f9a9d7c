"""Where a delivery takes its chunks from."""

from typing import Protocol

from msgspec import UNSET

from service.content.plan import Piece, Plan


class ChunkSource(Protocol):
    """Chunks by index, each asked for once and in order. It need not know its end beforehand."""

    def chunk(self, index: int) -> Piece | None:
        """The chunk, or ``None`` if there is none, or none yet."""

    def ended(self, index: int) -> bool:
        """Whether there will never be a chunk at ``index``, the next to be asked for."""

    def skip(self, index: int) -> None:
        """From ``index`` on, give all that is left in as few chunks as may be; called at most once."""


class PlanSource:
    """The chunks of a finished plan. How they are cut depends on nothing but the plan and where it was skipped."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chunks = plan.chunks
        self._closes = plan.closes
        self._skip_at = len(plan.chunks)
        self._merged_until = len(plan.chunks)
        """Before which chunk of the plan the last merged one has stopped, or the first of them begins."""

    def chunk(self, index: int) -> Piece | None:
        if index >= self._skip_at:
            return self._merged()
        return self._chunks[index], UNSET if self._closes is None else self._closes[index]

    def ended(self, index: int) -> bool:
        return index >= self._skip_at and self._merged_until >= len(self._chunks)

    def skip(self, index: int) -> None:
        self._skip_at = self._merged_until = index

    def seek(self, index: int) -> int:
        """Let ``index``, which there must be, be the next to be asked for; the chunk of the plan that it begins at."""
        if index <= self._skip_at:
            return index
        merged_until = self._plan.merged_until(self._skip_at, index - self._skip_at)
        assert merged_until is not None
        self._merged_until = merged_until
        return merged_until

    def _merged(self) -> Piece | None:
        start = self._merged_until
        if start >= len(self._chunks):
            return None
        self._merged_until = end = self._plan.reach(start)
        return self._plan.joined(start, end)
