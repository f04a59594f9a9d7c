"""Where a delivery takes its chunks from."""

from typing import Protocol

from msgspec import UNSET

from service.core.content.plan import Piece, Plan


class ChunkSource(Protocol):
    """Chunks by index, each asked for once and in order. It need not know its end beforehand."""

    def chunk(self, index: int) -> Piece | None:
        """The chunk, or ``None`` if there is none, or none yet."""

    def ended(self, index: int) -> bool:
        """Whether there will never be a chunk at ``index``, the next to be asked for."""

    def skip(self, index: int) -> None:
        """From ``index`` on, give all that is left in as few chunks as may be; called at most once."""


class PlanSource:
    """The chunks of a finished plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chunks = plan.chunks
        self._closes = plan.closes
        self._skipped_to: int | None = None
        """Once skipped, the next chunk of the plan. It depends on nothing but the plan and where the skip came."""

    def chunk(self, index: int) -> Piece | None:
        if self._skipped_to is not None:
            return self._merged(self._skipped_to)
        if index >= len(self._chunks):
            return None
        return self._chunks[index], UNSET if self._closes is None else self._closes[index]

    def ended(self, index: int) -> bool:
        return (index if self._skipped_to is None else self._skipped_to) >= len(self._chunks)

    def skip(self, index: int) -> None:
        self._skipped_to = index

    def _merged(self, start: int) -> Piece | None:
        if start >= len(self._chunks):
            return None
        self._skipped_to = end = self._plan.reach(start)
        return self._plan.joined(start, end)
