"""The plan cache keeps the plans used last, within its size."""

import sys

import pytest

from service.content import CachedPlan, Chunks, CloseTexts, Plan
from service.protocol.messages import Complexity, Speed
from service.stores.plan_cache import LARGEST_SHARE, MemoryPlanCache


def cached(text: str = "a" * 100) -> CachedPlan:
    chunks = Chunks.of([text])
    return CachedPlan(Plan(chunks, Complexity.LOW, 1, has_html=False, speed=Speed.NORMAL, max_chunk_characters=1000))


ONE = cached()
ROOM_FOR_FIVE = 5 * ONE.memory_bytes


def keys(cache: MemoryPlanCache, among: str = "abcdefg") -> str:
    return "".join(key for key in among if cache.get(key.encode()) is not None)


def filled(with_keys: str) -> MemoryPlanCache:
    cache = MemoryPlanCache(ROOM_FOR_FIVE)
    for key in with_keys:
        cache.put(key.encode(), ONE)
    return cache


def test_get_returns_the_cached_plan() -> None:
    cache = filled("a")
    assert cache.get(b"a") is ONE
    assert cache.get(b"b") is None


def test_the_least_recently_used_plan_is_evicted() -> None:
    cache = filled("abcde")
    cache.get(b"a")
    cache.put(b"b", ONE)
    cache.put(b"f", ONE)
    assert keys(cache) == "abdef"


def test_its_size_is_bounded_and_counts_each_plan_once() -> None:
    cache = filled("aaabbb")
    assert cache.memory_bytes == 2 * ONE.memory_bytes
    cache.put(b"a", cached("a"))
    assert cache.memory_bytes == ONE.memory_bytes + cached("a").memory_bytes
    for number in range(100):
        cache.put(str(number).encode(), ONE)
        assert cache.memory_bytes <= ROOM_FOR_FIVE


def test_a_plan_that_is_too_large_is_not_cached() -> None:
    largest = ROOM_FOR_FIVE // LARGEST_SHARE
    fits, too_large = cached("a"), cached("a")
    fits = cached("a" * (1 + largest - fits.memory_bytes))
    too_large = cached("a" * (2 + largest - too_large.memory_bytes))
    assert (fits.memory_bytes, too_large.memory_bytes) == (largest, largest + 1)
    cache = filled("ab")
    cache.put(b"c", too_large)
    cache.put(b"d", fits)
    assert keys(cache) == "abd"


def test_with_size_0_nothing_is_cached() -> None:
    cache = MemoryPlanCache(0)
    cache.put(b"a", ONE)
    assert cache.get(b"a") is None


@pytest.mark.parametrize("word", ["word", "wörd", "слово", "言葉の", "👩‍💻 "])
def test_the_size_of_a_plan_includes_all_its_parts(word: str) -> None:
    words = [f"{word}{number}" for number in range(1000)]
    chunks, closes = Chunks.of(words), CloseTexts.of(["x"] * 1000)
    plan = Plan(chunks, Complexity.LOW, 1, has_html=False, speed=Speed.FAST, max_chunk_characters=9, closes=closes)
    arrays = 2 * 4 * 1000
    assert CachedPlan(plan).memory_bytes == pytest.approx(sys.getsizeof("".join(words)) + arrays, rel=0.2)
    assert CachedPlan(plan, b"x" * 5000).memory_bytes - CachedPlan(plan).memory_bytes >= 4900
