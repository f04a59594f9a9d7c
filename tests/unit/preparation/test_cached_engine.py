"""The cached engine reuses plans, and fits each into the time of its session."""

import asyncio
import threading
from collections.abc import Iterator
from importlib import import_module

import pytest
from msgspec.structs import replace

from service.content import DEFAULT_RULES, ContentRules, Plan, Removal, Stage, UnreadablePlan, pack_plan, unpack_plan
from service.content.coalesce import coalesce
from service.content.html.urls import HostList
from service.events import CacheQueried, CacheTier, Event
from service.preparation.cached_engine import CachedContentEngine
from service.preparation.engine import ThreadedContentEngine
from service.preparation.work_limits import DEFAULT_WORK_LIMITS, WorkLimits
from service.protocol.errors import EmptyContent, ServerBusy
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, StreamRequest
from service.session.ports import Preparation, PreparationFailed
from service.stores.plan_cache import MemoryPlanCache

LIMITS = Limits()
HOUR = 3600.0
TEXT = StreamRequest(content="Some words that come again. " * 20)
LARGE = StreamRequest(content="<p>Some <b>words</b> that come again.</p>\n" * 230, content_type=ContentType.HTML)
MEMORY_HIT, MEMORY_MISS = CacheQueried(CacheTier.MEMORY, hit=True), CacheQueried(CacheTier.MEMORY, hit=False)
SHARED_HIT, SHARED_MISS = CacheQueried(CacheTier.SHARED, hit=True), CacheQueried(CacheTier.SHARED, hit=False)


class Shelf:
    """Implements ``PlanStore``."""

    def __init__(self) -> None:
        self.plans: dict[bytes, bytes] = {}

    async def get(self, key: bytes) -> bytes | None:
        return self.plans.get(key)

    def put(self, key: bytes, plan: bytes) -> None:
        self.plans[key] = plan

    async def close(self) -> None:
        """Nothing to release."""


class Bench:
    """Engines, and the events that they recorded."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._engines: list[CachedContentEngine] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    def engine(
        self,
        store: Shelf | None = None,
        *,
        cache_bytes: int = 10_000_000,
        packs: bool = True,
        limits: Limits = LIMITS,
        rules: ContentRules = DEFAULT_RULES,
        work_limits: WorkLimits = DEFAULT_WORK_LIMITS,
    ) -> CachedContentEngine:
        threaded = ThreadedContentEngine(limits, self, rules, packs=packs, work_limits=work_limits)
        self._engines.append(CachedContentEngine(threaded, MemoryPlanCache(cache_bytes), self, store))
        return self._engines[-1]

    def take_events(self) -> list[Event]:
        """Return the lookups since the last call."""
        events, self.events = self.events, []
        return [event for event in events if isinstance(event, CacheQueried)]

    def close(self) -> None:
        for engine in self._engines:
            engine.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


class Gate:
    """Counts preparations, and holds them until the gate is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.prepared = 0
        self.began, self._open = threading.Event(), threading.Event()
        module = import_module("service.content.prepare")
        prepare = module.prepare

        def gated(*arguments: object) -> object:
            self.prepared += 1
            self.began.set()
            assert self._open.wait(10)
            return prepare(*arguments)

        monkeypatch.setattr(module, "prepare", gated)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.open()


def check(preparation: Preparation, plan: Plan) -> None:
    assert preparation.plan == plan
    assert preparation.packed is not None
    assert unpack_plan(preparation.packed) == plan


# In memory


async def test_equal_content_is_prepared_once(bench: Bench) -> None:
    engine = bench.engine()
    first, again = await engine.prepare(TEXT, HOUR), await engine.prepare(replace(TEXT, request_id="r-2"), HOUR)
    assert bench.take_events() == [MEMORY_MISS, MEMORY_HIT]
    assert again.plan is first.plan
    check(again, first.plan)
    assert first.stages
    assert again.stages == ()
    assert 0 < again.seconds < first.seconds


async def test_each_plan_is_fitted_into_the_time_of_its_session(bench: Bench) -> None:
    engine = bench.engine()
    short = await engine.prepare(TEXT, 3)
    whole = await engine.prepare(TEXT, HOUR)
    shorter = await engine.prepare(TEXT, 2)
    assert bench.take_events() == [MEMORY_MISS, MEMORY_HIT, MEMORY_HIT]
    assert len(shorter.plan.chunks) < len(short.plan.chunks) < len(whole.plan.chunks)
    for preparation in (short, whole, shorter):
        check(preparation, preparation.plan)
    assert short.plan.chunks == coalesce(whole.plan, 3).chunks


async def test_other_options_give_another_plan(bench: Bench) -> None:
    engine = bench.engine()
    await engine.prepare(TEXT, HOUR)
    sentences = await engine.prepare(replace(TEXT, chunk_by=ChunkBy.SENTENCE), HOUR)
    assert bench.take_events() == [MEMORY_MISS, MEMORY_MISS]
    assert len(sentences.plan.chunks) == 20


async def test_where_content_may_not_be_stored_plans_are_not_packed(bench: Bench) -> None:
    engine = bench.engine(packs=False)
    assert [(await engine.prepare(TEXT, seconds)).packed for seconds in (HOUR, HOUR, 2)] == [None] * 3
    assert bench.take_events() == [MEMORY_MISS, MEMORY_HIT, MEMORY_HIT]


async def test_without_a_cache_every_request_is_prepared(bench: Bench) -> None:
    engine = bench.engine(cache_bytes=0)
    assert (await engine.prepare(TEXT, HOUR)).plan == (await engine.prepare(TEXT, HOUR)).plan
    assert bench.take_events() == [], "a disabled cache records no miss"


async def test_a_fallback_plan_is_not_cached(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    engine = bench.engine(shelf)
    with monkeypatch.context() as patch:
        patch.setattr(import_module("service.content.prepare"), "split_fragments", lambda *_: 1 / 0)
        assert (await engine.prepare(LARGE, HOUR)).plan.failure is not None
    assert shelf.plans == {}
    assert (await engine.prepare(LARGE, HOUR)).plan.failure is None


async def test_a_failure_contains_its_time_and_is_not_cached(bench: Bench) -> None:
    engine = bench.engine()
    for _ in range(2):
        with pytest.raises(PreparationFailed) as failed:
            await engine.prepare(StreamRequest(content="<script>1</script>", content_type=ContentType.HTML), HOUR)
        assert isinstance(failed.value.__cause__, EmptyContent)
        assert failed.value.seconds > 0
        assert failed.value.stages
    assert bench.take_events() == []


async def test_a_packed_plan_can_be_unpacked(bench: Bench) -> None:
    engine = bench.engine()
    plan = (await engine.prepare(TEXT, HOUR)).plan
    assert await engine.unpack_plan(pack_plan(plan)) == plan
    with pytest.raises(UnreadablePlan):
        await engine.unpack_plan(b"of another version")


# Concurrent requests


async def test_concurrent_requests_for_equal_content_are_prepared_once(bench: Bench, gate: Gate) -> None:
    engine = bench.engine()
    async with asyncio.TaskGroup() as tasks:
        requests = [tasks.create_task(engine.prepare(TEXT, HOUR)) for _ in range(5)]
        await asyncio.to_thread(gate.began.wait, 10)
        gate.open()
    assert gate.prepared == 1
    assert len({id(request.result().plan) for request in requests}) == 1
    stages = [[stage.stage for stage in request.result().stages] for request in requests]
    waited = [Stage.WAIT]
    assert sorted(stages, key=len) == [waited, waited, waited, waited, [*waited, Stage.ANALYSE, Stage.CHUNK]]
    assert bench.take_events().count(MEMORY_HIT) == 4


async def test_the_cancellation_of_a_request_does_not_affect_another(bench: Bench, gate: Gate) -> None:
    engine = bench.engine()
    first = asyncio.create_task(engine.prepare(TEXT, HOUR))
    await asyncio.to_thread(gate.began.wait, 10)
    second, third = (asyncio.create_task(engine.prepare(TEXT, HOUR)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    gate.open()
    assert "".join((await third).plan.chunks) == TEXT.content
    assert gate.prepared == 1


async def test_a_cancelled_request_that_is_queued_is_not_prepared(bench: Bench, gate: Gate) -> None:
    engine = bench.engine()
    first = asyncio.create_task(engine.prepare(TEXT, HOUR))
    await asyncio.to_thread(gate.began.wait, 10)
    second = asyncio.create_task(engine.prepare(LARGE, HOUR))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    gate.open()
    await engine.unpack_plan(pack_plan((await first).plan))  # after all that was queued before
    assert gate.prepared == 1


async def test_a_cached_plan_does_not_wait_for_the_thread(bench: Bench, gate: Gate) -> None:
    engine = bench.engine()
    gate.open()
    await engine.prepare(TEXT, HOUR)
    gate.began.clear()
    gate._open.clear()  # noqa: SLF001 - the gate is the test's own
    busy = asyncio.create_task(engine.prepare(LARGE, HOUR))
    await asyncio.to_thread(gate.began.wait, 10)
    await asyncio.wait_for(engine.prepare(TEXT, HOUR), 5)
    assert not busy.done()
    gate.open()
    await busy


# In the store


async def test_a_plan_of_another_process_is_found_in_the_store_and_cached(bench: Bench) -> None:
    shelf = Shelf()
    made = await bench.engine(shelf).prepare(LARGE, HOUR)
    assert bench.take_events() == [SHARED_MISS, MEMORY_MISS]
    other = bench.engine(shelf)
    found = await other.prepare(LARGE, HOUR)
    assert [stage.stage for stage in found.stages] == [Stage.WAIT], "for the thread that reads it"
    check(found, made.plan)
    await other.prepare(LARGE, HOUR)
    assert bench.take_events() == [SHARED_HIT, MEMORY_MISS, MEMORY_HIT]


async def test_a_request_that_is_refused_has_the_time_for_which_it_waited(bench: Bench, gate: Gate) -> None:
    engine = bench.engine(work_limits=replace(DEFAULT_WORK_LIMITS, max_wait_seconds=0.01))
    busy = asyncio.create_task(engine.prepare(TEXT, HOUR))
    await asyncio.to_thread(gate.began.wait, 10)
    with pytest.raises(PreparationFailed) as failed:
        await engine.prepare(LARGE, HOUR)
    assert isinstance(failed.value.__cause__, ServerBusy)
    [wait] = failed.value.stages
    assert (wait.stage, wait.seconds >= 0.01, wait.seconds <= failed.value.seconds) == (Stage.WAIT, True, True)
    gate.open()
    await busy


async def test_the_stored_plan_is_the_whole_plan(bench: Bench) -> None:
    shelf = Shelf()
    short = await bench.engine(shelf).prepare(LARGE, 3)
    whole = await bench.engine(shelf).prepare(LARGE, HOUR)
    assert len(short.plan.chunks) < len(whole.plan.chunks)
    check(whole, (await bench.engine().prepare(LARGE, HOUR)).plan)


@pytest.mark.parametrize("request_", [TEXT, replace(TEXT, content=TEXT.content * 100), replace(LARGE, content="<p>a")])
async def test_the_store_is_not_used_for_small_content_and_text(bench: Bench, request_: StreamRequest) -> None:
    shelf = Shelf()
    await bench.engine(shelf).prepare(request_, HOUR)
    assert bench.take_events() == [MEMORY_MISS]
    assert shelf.plans == {}


async def test_an_unreadable_plan_in_the_store_is_replaced(bench: Bench) -> None:
    shelf = Shelf()
    made = await bench.engine(shelf).prepare(LARGE, HOUR)
    (key,) = shelf.plans
    shelf.plans[key] = b"of another version"
    bench.take_events()
    check(await bench.engine(shelf).prepare(LARGE, HOUR), made.plan)
    assert bench.take_events() == [SHARED_MISS, MEMORY_MISS]
    assert unpack_plan(shelf.plans[key]) == made.plan


async def test_processes_with_other_rules_share_a_store_and_no_plan(bench: Bench) -> None:
    shelf = Shelf()
    link = replace(LARGE, content='<p><a href="https://a.example/">a</a></p>' * 230)
    every = await bench.engine(shelf).prepare(link, HOUR)
    none = await bench.engine(shelf, rules=ContentRules(link_hosts=HostList.parse("none"))).prepare(link, HOUR)
    assert bench.take_events() == [SHARED_MISS, MEMORY_MISS] * 2
    assert "href=" in every.plan.chunks[0]
    assert "href=" not in "".join(none.plan.chunks)
    assert none.plan.removed == {Removal.LINK_HOST: 230}


async def test_other_limits_give_another_plan(bench: Bench) -> None:
    shelf = Shelf()
    await bench.engine(shelf).prepare(LARGE, HOUR)
    small = await bench.engine(shelf, limits=Limits(max_chunk_characters=60)).prepare(LARGE, HOUR)
    assert bench.take_events() == [SHARED_MISS, MEMORY_MISS] * 2
    assert small.plan.max_chunk_characters == 60
