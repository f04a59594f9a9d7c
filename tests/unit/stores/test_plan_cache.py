"""Plans in memory: those that were asked for last, within the room that there is."""

import sys

import pytest

from service.content import CachedPlan, Plan
from service.protocol.messages import Complexity, Speed
from service.stores.plan_cache import LARGEST_SHARE, MemoryPlanCache


def kept(text: str = "a" * 100) -> CachedPlan:
    return CachedPlan(Plan([text], Complexity.LOW, 1, has_html=False, speed=Speed.NORMAL, max_chunk_characters=1000))


ONE = kept()
ROOM_FOR_FIVE = 5 * ONE.memory_bytes


def keys(cache: MemoryPlanCache, among: str = "abcdefg") -> str:
    return "".join(key for key in among if cache.get(key.encode()) is not None)


def filled(with_keys: str) -> MemoryPlanCache:
    cache = MemoryPlanCache(ROOM_FOR_FIVE)
    for key in with_keys:
        cache.put(key.encode(), ONE)
    return cache


def test_the_very_plan_is_found_again() -> None:
    cache = filled("a")
    assert cache.get(b"a") is ONE
    assert cache.get(b"b") is None


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    cache = filled("abcde")
    cache.get(b"a")
    cache.put(b"b", ONE)
    cache.put(b"f", ONE)
    assert keys(cache) == "abdef"


def test_it_never_takes_more_than_its_room_and_counts_nothing_twice() -> None:
    cache = filled("aaabbb")
    assert cache.memory_bytes == 2 * ONE.memory_bytes
    cache.put(b"a", kept("a"))
    assert cache.memory_bytes == ONE.memory_bytes + kept("a").memory_bytes
    for number in range(100):
        cache.put(str(number).encode(), ONE)
        assert cache.memory_bytes <= ROOM_FOR_FIVE


def test_a_plan_that_would_drive_out_many_is_not_kept() -> None:
    largest = ROOM_FOR_FIVE // LARGEST_SHARE
    fits, too_large = kept("a"), kept("a")
    fits = kept("a" * (1 + largest - fits.memory_bytes))
    too_large = kept("a" * (2 + largest - too_large.memory_bytes))
    assert (fits.memory_bytes, too_large.memory_bytes) == (largest, largest + 1)
    cache = filled("ab")
    cache.put(b"c", too_large)
    cache.put(b"d", fits)
    assert keys(cache) == "abd"


def test_without_room_nothing_is_kept() -> None:
    cache = MemoryPlanCache(0)
    cache.put(b"a", ONE)
    assert cache.get(b"a") is None


@pytest.mark.parametrize("word", ["word", "wörd", "слово", "言葉の", "👩‍💻 "])
def test_what_a_plan_takes_is_told_with_all_that_belongs_to_it(word: str) -> None:
    words = [f"{word}{number}" for number in range(1000)]
    plan = Plan(words, Complexity.LOW, 1, has_html=False, speed=Speed.FAST, max_chunk_characters=9, closes=["x"] * 1000)
    strings = sum(map(sys.getsizeof, words))
    lists = 2 * 8 * 1000 + 4 * 1000
    assert CachedPlan(plan).memory_bytes == pytest.approx(strings + lists, rel=0.2)
    assert CachedPlan(plan, b"x" * 5000).memory_bytes - CachedPlan(plan).memory_bytes >= 4900
