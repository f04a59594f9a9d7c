"""A content engine that reuses plans made before."""

import asyncio
from functools import partial
from importlib.metadata import version

from msgspec import Struct

from service.content import CachedPlan, Plan, UnreadablePlan, plan_key, unpack_plan
from service.events import CacheQueried, CacheTier
from service.preparation.engine import ThreadedContentEngine
from service.preparation.stopwatch import Stopwatch
from service.protocol.errors import ServerBusy
from service.protocol.messages import ContentType, StreamRequest
from service.session.ports import PlanCache, PlanStore, Preparation, PreparationFailed, Recorder

_PRINCIPAL = "everyone"
"""The scope in which plans are shared. Equal content gives an equal plan, so there is one scope for all clients."""

_SCOPE = " ".join([_PRINCIPAL, *(f"{name}={version(name)}" for name in ("ada-url", "icu4py", "nh3", "pyromark"))])
"""Includes the versions of the libraries, so that a security fix in one of them invalidates earlier plans."""

_WORTH_SHARING = frozenset({ContentType.HTML, ContentType.MARKDOWN})
"""Reading a stored plan takes a tenth of the time of preparing these types. For text, whose chunks are words, it takes
at least half of it, and a miss would cost more than a hit saves."""

_SHARED_FROM_CHARACTERS = 8_000
"""Less content is prepared in a millisecond or two; a request to another machine takes at least 0.2 ms."""

_HASHED_IN_LOOP_CHARACTERS = 200_000
"""Up to this size the key is computed in less than a millisecond, and a thread would cost more than it saves."""


class _Made(Struct, frozen=True):
    preparation: Preparation
    found: bool = False
    """Whether an earlier request had cached the plan by then."""
    to_store: bytes | None = None


class CachedContentEngine:
    """Implements ``session.ports.ContentEngine`` with plans from memory, from a store if there is one, or made anew.

    A plan in memory is returned without waiting for the content thread. Concurrent requests for equal content are
    prepared once: the thread checks the cache again before it prepares, so the cancellation of one request does not
    affect another.
    """

    def __init__(
        self, engine: ThreadedContentEngine, cache: PlanCache, recorder: Recorder, store: PlanStore | None = None
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._recorder = recorder
        self._store = store

    async def find(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation | None:
        return await self._find(await self._key(request), request, client, seconds_left, Stopwatch())

    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        stopwatch = Stopwatch()
        key = await self._key(request)
        try:
            found = await self._find(key, request, client, seconds_left, stopwatch)
            if found is not None:
                return found
            make = partial(self._make, key, request, seconds_left, stopwatch)
            made = await self._engine.work_on(request, client, stopwatch, make)
        except ServerBusy as busy:
            raise PreparationFailed(stopwatch.seconds, tuple(stopwatch.stages)) from busy
        store = self._store_for(request)
        self._record(CacheTier.MEMORY, hit=made.found)
        if store is not None and made.to_store is not None:
            store.put(key, made.to_store)
        return made.preparation

    async def unpack_plan(self, plan: bytes, client: str = "") -> Plan:
        return await self._engine.unpack_plan(plan, client)

    def close(self) -> None:
        """Accept no more work. The store is not closed."""
        self._engine.close()

    async def _find(
        self, key: bytes, request: StreamRequest, client: str, seconds_left: float, stopwatch: Stopwatch
    ) -> Preparation | None:
        cached = self._cache.get(key)
        if cached is not None:
            self._record(CacheTier.MEMORY, hit=True)
            return await self._fit(cached, client, seconds_left, stopwatch)
        store = self._store_for(request)
        if store is None or (cached := await self._get_stored(store, key, client, stopwatch)) is None:
            return None
        self._record(CacheTier.MEMORY, hit=False)
        return await self._fit(cached, client, seconds_left, stopwatch)

    async def _key(self, request: StreamRequest) -> bytes:
        if len(request.content) <= _HASHED_IN_LOOP_CHARACTERS:
            return plan_key(request, self._engine.limits, self._engine.rules, _SCOPE)
        return await asyncio.to_thread(plan_key, request, self._engine.limits, self._engine.rules, _SCOPE)

    def _store_for(self, request: StreamRequest) -> PlanStore | None:
        """The store, if there is one and the request is worth a call."""
        worth_it = request.content_type in _WORTH_SHARING and len(request.content) >= _SHARED_FROM_CHARACTERS
        return self._store if worth_it else None

    async def _get_stored(self, store: PlanStore, key: bytes, client: str, stopwatch: Stopwatch) -> CachedPlan | None:
        stored = await store.get(key)
        cached = None
        if stored is not None:
            unpack = partial(self._unpack, key, stored)
            cached = await self._engine.read(len(stored), client, stopwatch, unpack)
        self._record(CacheTier.SHARED, hit=cached is not None)
        return cached

    async def _fit(self, cached: CachedPlan, client: str, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        if cached.plan.fits(seconds_left - stopwatch.seconds):
            return Preparation(cached.plan, stopwatch.seconds, tuple(stopwatch.stages), cached.packed)
        fit = partial(self._engine.fit_plan, cached, seconds_left, stopwatch)
        return await self._engine.read(cached.memory_bytes, client, stopwatch, fit)

    def _unpack(self, key: bytes, stored: bytes) -> CachedPlan | None:
        """In the thread: unpack a plan from the store, unless it has another version."""
        try:
            cached = CachedPlan(unpack_plan(stored), stored)
        except UnreadablePlan:
            return None
        self._cache.put(key, cached)
        return cached

    def _make(self, key: bytes, request: StreamRequest, seconds_left: float, stopwatch: Stopwatch) -> _Made:
        """In the thread. Raises ``PreparationFailed``."""
        if (cached := self._cache.get(key)) is not None:
            return _Made(self._engine.fit_plan(cached, seconds_left, stopwatch), found=True)
        whole = self._engine.make_plan(request, stopwatch)
        preparation = self._engine.fit_plan(whole, seconds_left, stopwatch)
        if whole.plan.failure is not None:
            return _Made(preparation)
        self._cache.put(key, whole)
        return _Made(preparation, to_store=whole.packed)

    def _record(self, tier: CacheTier, *, hit: bool) -> None:
        if tier is not CacheTier.MEMORY or self._cache.enabled:
            self._recorder.record(CacheQueried(tier, hit))
