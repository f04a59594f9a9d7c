"""Where a delivery takes its chunks from."""

from collections.abc import Sequence
from typing import Protocol

from service.core.content.plan import Plan, merged


class ChunkSource(Protocol):
    """Chunks by index, each asked for once and in order. It need not know its end beforehand."""

    def chunk(self, index: int) -> str | None:
        """The chunk, or ``None`` if there is none, or none yet."""

    def ended(self, index: int) -> bool:
        """Whether there will never be a chunk at ``index``."""

    def skip(self, index: int) -> None:
        """From ``index`` on, give all that is left in as few chunks as may be; called at most once."""


class PlanSource:
    """The chunks of a finished plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chunks: Sequence[str] = plan.chunks
        self._offset = 0

    def chunk(self, index: int) -> str | None:
        place = index - self._offset
        return self._chunks[place] if place < len(self._chunks) else None

    def ended(self, index: int) -> bool:
        return index - self._offset >= len(self._chunks)

    def skip(self, index: int) -> None:
        self._chunks = merged(self._plan, index)
        self._offset = index
