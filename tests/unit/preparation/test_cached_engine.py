"""Content that was worked on before is not worked on again; each stream still gets what is its own."""

import asyncio
import threading
from collections.abc import Iterator
from importlib import import_module

import pytest
from msgspec.structs import replace

from service.content import Plan, UnreadablePlan, coalesce, pack_plan, unpack_plan
from service.events import CacheQueried, CacheTier, Event
from service.preparation.cached_engine import CachedContentEngine
from service.preparation.engine import ThreadedContentEngine
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, StreamRequest
from service.session.ports import Preparation, PreparationFailed
from service.stores.plan_cache import MemoryPlanCache

LIMITS = Limits()
HOUR = 3600.0
TEXT = StreamRequest(content="Some words that come again. " * 20)
LARGE = StreamRequest(content="<p>Some <b>words</b> that come again.</p>\n" * 300, content_type=ContentType.HTML)
MEMORY_HIT, MEMORY_MISS = CacheQueried(CacheTier.MEMORY, hit=True), CacheQueried(CacheTier.MEMORY, hit=False)
SHARED_HIT, SHARED_MISS = CacheQueried(CacheTier.SHARED, hit=True), CacheQueried(CacheTier.SHARED, hit=False)


class Shelf:
    """Fulfils ``PlanStore``."""

    def __init__(self) -> None:
        self.plans: dict[bytes, bytes] = {}

    async def get(self, key: bytes) -> bytes | None:
        return self.plans.get(key)

    def put(self, key: bytes, plan: bytes) -> None:
        self.plans[key] = plan

    async def close(self) -> None:
        """Nothing to let go of."""


class Bench:
    """Engines that share nothing but what they are given, and what was told of them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._engines: list[CachedContentEngine] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    def engine(
        self, store: Shelf | None = None, *, cache_bytes: int = 10_000_000, packs: bool = True, limits: Limits = LIMITS
    ) -> CachedContentEngine:
        threaded = ThreadedContentEngine(limits, packs=packs)
        self._engines.append(CachedContentEngine(threaded, MemoryPlanCache(cache_bytes), self, store))
        return self._engines[-1]

    def told(self) -> list[Event]:
        """What was told since it was asked last."""
        told, self.events = self.events, []
        return told

    def close(self) -> None:
        for engine in self._engines:
            engine.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


class Gate:
    """Content work that begins is counted, and waits until the gate is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.worked = 0
        self.began, self._open = threading.Event(), threading.Event()
        module = import_module("service.preparation.engine")
        prepare = module.prepare

        def gated(*arguments: object) -> object:
            self.worked += 1
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


async def test_the_same_content_is_worked_on_once_and_then_takes_no_stage(bench: Bench) -> None:
    engine = bench.engine()
    first, again = await engine.prepare(TEXT, HOUR), await engine.prepare(replace(TEXT, request_id="r-2"), HOUR)
    assert bench.told() == [MEMORY_MISS, MEMORY_HIT]
    assert again.plan is first.plan
    check(again, first.plan)
    assert first.stages
    assert again.stages == ()
    assert 0 < again.seconds < first.seconds


async def test_each_stream_is_fitted_into_the_time_of_its_own_session(bench: Bench) -> None:
    engine = bench.engine()
    short = await engine.prepare(TEXT, 3)
    whole = await engine.prepare(TEXT, HOUR)
    shorter = await engine.prepare(TEXT, 2)
    assert bench.told() == [MEMORY_MISS, MEMORY_HIT, MEMORY_HIT]
    assert len(shorter.plan.chunks) < len(short.plan.chunks) < len(whole.plan.chunks)
    for preparation in (short, whole, shorter):
        check(preparation, preparation.plan)
    assert short.plan.chunks == coalesce(whole.plan, 3).chunks


async def test_other_options_are_other_content(bench: Bench) -> None:
    engine = bench.engine()
    await engine.prepare(TEXT, HOUR)
    sentences = await engine.prepare(replace(TEXT, chunk_by=ChunkBy.SENTENCE), HOUR)
    assert bench.told() == [MEMORY_MISS, MEMORY_MISS]
    assert len(sentences.plan.chunks) == 20


async def test_without_leave_to_store_content_nothing_is_packed(bench: Bench) -> None:
    engine = bench.engine(packs=False)
    assert [(await engine.prepare(TEXT, seconds)).packed for seconds in (HOUR, HOUR, 2)] == [None] * 3
    assert bench.told() == [MEMORY_MISS, MEMORY_HIT, MEMORY_HIT]


async def test_with_no_room_everything_is_worked_on(bench: Bench) -> None:
    engine = bench.engine(cache_bytes=0)
    assert (await engine.prepare(TEXT, HOUR)).plan == (await engine.prepare(TEXT, HOUR)).plan
    assert bench.told() == [], "where nothing is kept, nothing was asked"


async def test_a_plan_for_want_of_a_better_one_is_not_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    engine = bench.engine(shelf)
    with monkeypatch.context() as patch:
        patch.setattr(import_module("service.content.prepare"), "split_fragments", lambda *_: 1 / 0)
        assert (await engine.prepare(LARGE, HOUR)).plan.failure is not None
    assert shelf.plans == {}
    assert (await engine.prepare(LARGE, HOUR)).plan.failure is None


async def test_what_fails_tells_its_time_and_is_tried_again(bench: Bench) -> None:
    engine = bench.engine()
    for _ in range(2):
        with pytest.raises(PreparationFailed) as failed:
            await engine.prepare(StreamRequest(content="<script>1</script>", content_type=ContentType.HTML), HOUR)
        assert isinstance(failed.value.__cause__, EmptyContent)
        assert failed.value.seconds > 0
        assert failed.value.stages
    assert bench.told() == []


async def test_a_plan_is_unpacked_for_whoever_recovers_it(bench: Bench) -> None:
    engine = bench.engine()
    plan = (await engine.prepare(TEXT, HOUR)).plan
    assert await engine.unpack_plan(pack_plan(plan)) == plan
    with pytest.raises(UnreadablePlan):
        await engine.unpack_plan(b"of another version")


# At once


async def test_requests_for_the_same_that_come_at_once_are_worked_on_once(bench: Bench, gate: Gate) -> None:
    engine = bench.engine()
    async with asyncio.TaskGroup() as tasks:
        requests = [tasks.create_task(engine.prepare(TEXT, HOUR)) for _ in range(5)]
        await asyncio.to_thread(gate.began.wait, 10)
        gate.open()
    assert gate.worked == 1
    assert len({id(request.result().plan) for request in requests}) == 1
    assert sorted(len(request.result().stages) for request in requests) == [0, 0, 0, 0, 2]
    assert bench.told().count(MEMORY_HIT) == 4


async def test_a_request_that_is_cancelled_takes_nothing_from_another(bench: Bench, gate: Gate) -> None:
    engine = bench.engine()
    first = asyncio.create_task(engine.prepare(TEXT, HOUR))
    await asyncio.to_thread(gate.began.wait, 10)
    second, third = (asyncio.create_task(engine.prepare(TEXT, HOUR)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    gate.open()
    assert "".join((await third).plan.chunks) == TEXT.content
    assert gate.worked == 1


async def test_work_that_waits_is_never_done_for_a_request_that_is_cancelled(bench: Bench, gate: Gate) -> None:
    engine = bench.engine()
    first = asyncio.create_task(engine.prepare(TEXT, HOUR))
    await asyncio.to_thread(gate.began.wait, 10)
    second = asyncio.create_task(engine.prepare(LARGE, HOUR))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    gate.open()
    await engine.unpack_plan(pack_plan((await first).plan))  # whatever waited before it has had its turn
    assert gate.worked == 1


async def test_what_is_in_memory_does_not_wait_for_other_work(bench: Bench, gate: Gate) -> None:
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


async def test_what_one_process_worked_on_another_finds_and_keeps(bench: Bench) -> None:
    shelf = Shelf()
    made = await bench.engine(shelf).prepare(LARGE, HOUR)
    assert bench.told() == [SHARED_MISS, MEMORY_MISS]
    other = bench.engine(shelf)
    found = await other.prepare(LARGE, HOUR)
    assert found.stages == ()
    check(found, made.plan)
    await other.prepare(LARGE, HOUR)
    assert bench.told() == [SHARED_HIT, MEMORY_MISS, MEMORY_HIT]


async def test_the_whole_plan_is_stored_however_little_time_there_was(bench: Bench) -> None:
    shelf = Shelf()
    short = await bench.engine(shelf).prepare(LARGE, 3)
    whole = await bench.engine(shelf).prepare(LARGE, HOUR)
    assert len(short.plan.chunks) < len(whole.plan.chunks)
    check(whole, (await bench.engine().prepare(LARGE, HOUR)).plan)


@pytest.mark.parametrize("request_", [TEXT, replace(TEXT, content=TEXT.content * 100), replace(LARGE, content="<p>a")])
async def test_the_store_is_asked_only_for_what_is_worth_it(bench: Bench, request_: StreamRequest) -> None:
    shelf = Shelf()
    await bench.engine(shelf).prepare(request_, HOUR)
    assert bench.told() == [MEMORY_MISS]
    assert shelf.plans == {}


async def test_what_the_store_gives_but_nobody_can_read_is_made_anew(bench: Bench) -> None:
    shelf = Shelf()
    made = await bench.engine(shelf).prepare(LARGE, HOUR)
    (key,) = shelf.plans
    shelf.plans[key] = b"of another version"
    bench.told()
    check(await bench.engine(shelf).prepare(LARGE, HOUR), made.plan)
    assert bench.told() == [SHARED_MISS, MEMORY_MISS]
    assert unpack_plan(shelf.plans[key]) == made.plan


async def test_other_limits_find_nothing(bench: Bench) -> None:
    shelf = Shelf()
    await bench.engine(shelf).prepare(LARGE, HOUR)
    small = await bench.engine(shelf, limits=Limits(max_chunk_characters=60)).prepare(LARGE, HOUR)
    assert bench.told() == [SHARED_MISS, MEMORY_MISS] * 2
    assert small.plan.max_chunk_characters == 60
