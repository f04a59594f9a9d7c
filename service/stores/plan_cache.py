"""Plans in the memory of one process."""

from collections import OrderedDict
from threading import Lock

from service.content.cached_plan import CachedPlan

LARGEST_SHARE = 4
"""A plan that takes more than this part of the cache is not kept: it would drive out what many ask for."""


class MemoryPlanCache:
    """Fulfils ``core.ports.PlanCache``: those that were asked for last, as many as fit into ``max_bytes``."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._plans: OrderedDict[bytes, CachedPlan] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @property
    def enabled(self) -> bool:
        return self._max_bytes > 0

    @property
    def memory_bytes(self) -> int:
        """About what they take."""
        return self._bytes

    def get(self, key: bytes) -> CachedPlan | None:
        with self._lock:
            kept = self._plans.get(key)
            if kept is not None:
                self._plans.move_to_end(key)
            return kept

    def put(self, key: bytes, plan: CachedPlan) -> None:
        if plan.memory_bytes > self._max_bytes // LARGEST_SHARE:
            return
        with self._lock:
            if (before := self._plans.pop(key, None)) is not None:
                self._bytes -= before.memory_bytes
            self._plans[key] = plan
            self._bytes += plan.memory_bytes
            while self._bytes > self._max_bytes:
                _, oldest = self._plans.popitem(last=False)
                self._bytes -= oldest.memory_bytes
