"""Plans in the memory of one process."""

from collections import OrderedDict
from threading import Lock

from service.content.cached_plan import CachedPlan

LARGEST_SHARE = 4
"""A plan larger than this fraction (1/4) of the cache is not kept: it would evict too many others."""


class MemoryPlanCache:
    """Implements ``session.ports.PlanCache``: the plans used last, up to ``max_bytes`` of them."""

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
        """An estimate of the memory of the plans."""
        return self._bytes

    def get(self, key: bytes) -> CachedPlan | None:
        with self._lock:
            cached = self._plans.get(key)
            if cached is not None:
                self._plans.move_to_end(key)
            return cached

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
