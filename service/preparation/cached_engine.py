"""Content that was worked on before is not worked on again."""

import asyncio
from importlib.metadata import version

from msgspec import Struct

from service.content import CachedPlan, Plan, UnreadablePlan, fits, plan_key, unpack_plan
from service.events import CacheQueried, CacheTier
from service.preparation.engine import Stopwatch, ThreadedContentEngine
from service.protocol.messages import ContentType, StreamRequest
from service.session.ports import PlanCache, PlanStore, Preparation, Recorder

_PRINCIPAL = "everyone"
"""Who may be given a plan that another's content led to: the same bytes in, the same bytes out, so all may. Where
callers are told apart, this becomes theirs."""

_SCOPE = " ".join([_PRINCIPAL, *(f"{name}={version(name)}" for name in ("cmarkgfm", "icu4py", "nh3", "tinycss2"))])
"""A library that is updated, perhaps because it let something through, finds nothing of what it made before."""

_WORTH_SHARING = frozenset({ContentType.HTML, ContentType.MARKDOWN})
"""Of these a stored plan is read in a tenth of the time that the work takes. Of text, whose chunks are words, reading
it takes half as long or longer, and a miss would cost more than a hit gives."""

_SHARED_FROM_CHARACTERS = 8_000
"""Less is worked on in a millisecond or two: too little to ask another machine for, which answers in 0.2 ms at best."""

_HASHED_IN_LOOP_CHARACTERS = 200_000
"""Up to this the key is made in well under a millisecond, and another thread would cost more than it spares."""


class _Made(Struct, frozen=True):
    preparation: Preparation
    found: bool = False
    """Its plan was there when the turn came: another request had been before."""
    to_store: bytes | None = None


class CachedContentEngine:
    """Fulfils ``core.ports.ContentEngine`` around another, with plans in memory and, if there is one, in a store.

    What is found in memory does not wait for the content thread. Requests for the same content that come at once are
    worked on once, as there is one thread and it looks again when their turn comes; so one that is cancelled takes
    nothing from another.
    """

    def __init__(
        self, engine: ThreadedContentEngine, cache: PlanCache, recorder: Recorder, store: PlanStore | None = None
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._recorder = recorder
        self._store = store

    async def prepare(self, request: StreamRequest, seconds_left: float) -> Preparation:
        stopwatch = Stopwatch()
        key = await self._key(request)
        kept = self._cache.get(key)
        if kept is not None:
            self._record(CacheTier.MEMORY, hit=True)
            return await self._fitted(kept, seconds_left, stopwatch)
        store = self._store_for(request)
        if store is not None and (kept := await self._stored(store, key)) is not None:
            self._record(CacheTier.MEMORY, hit=False)
            return await self._fitted(kept, seconds_left, stopwatch)
        made = await self._engine.in_thread(self._made, key, request, seconds_left, stopwatch)
        self._record(CacheTier.MEMORY, hit=made.found)
        if store is not None and made.to_store is not None:
            store.put(key, made.to_store)
        return made.preparation

    async def unpack_plan(self, plan: bytes) -> Plan:
        return await self._engine.unpack_plan(plan)

    def close(self) -> None:
        """Take no more work. The store is closed by whoever made it."""
        self._engine.close()

    async def _key(self, request: StreamRequest) -> bytes:
        if len(request.content) <= _HASHED_IN_LOOP_CHARACTERS:
            return plan_key(request, self._engine.limits, _SCOPE)
        return await asyncio.to_thread(plan_key, request, self._engine.limits, _SCOPE)

    def _store_for(self, request: StreamRequest) -> PlanStore | None:
        """The store, if there is one and it is worth a question."""
        worth_it = request.content_type in _WORTH_SHARING and len(request.content) >= _SHARED_FROM_CHARACTERS
        return self._store if worth_it else None

    async def _stored(self, store: PlanStore, key: bytes) -> CachedPlan | None:
        stored = await store.get(key)
        kept = None if stored is None else await self._engine.in_thread(self._read, key, stored)
        self._record(CacheTier.SHARED, hit=kept is not None)
        return kept

    async def _fitted(self, kept: CachedPlan, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        if fits(kept.plan, seconds_left - stopwatch.seconds):
            return Preparation(kept.plan, stopwatch.seconds, packed=kept.packed)
        return await self._engine.in_thread(self._engine.fitted, kept, seconds_left, stopwatch)

    def _read(self, key: bytes, stored: bytes) -> CachedPlan | None:
        """In the thread: what the store gave, unless it is of another version."""
        try:
            kept = CachedPlan(unpack_plan(stored), stored)
        except UnreadablePlan:
            return None
        self._cache.put(key, kept)
        return kept

    def _made(self, key: bytes, request: StreamRequest, seconds_left: float, stopwatch: Stopwatch) -> _Made:
        """In the thread. Raises ``PreparationFailed``."""
        if (kept := self._cache.get(key)) is not None:
            return _Made(self._engine.fitted(kept, seconds_left, stopwatch), found=True)
        whole = self._engine.whole(request, stopwatch)
        preparation = self._engine.fitted(whole, seconds_left, stopwatch)
        if whole.plan.failure is not None:
            return _Made(preparation)
        self._cache.put(key, whole)
        return _Made(preparation, to_store=whole.packed)

    def _record(self, tier: CacheTier, *, hit: bool) -> None:
        if tier is not CacheTier.MEMORY or self._cache.enabled:
            self._recorder.record(CacheQueried(tier, hit))
