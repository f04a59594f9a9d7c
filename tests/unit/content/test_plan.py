"""Plans: merging the remaining chunks at a skip, and coalescing chunks so that a stream fits into its session."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.content import Chunks, CloseTexts, Plan
from service.content.coalesce import coalesce
from service.content.plan import RESERVED_SECONDS, USABLE_SHARE
from service.protocol.messages import GAP_SECONDS, Complexity, Speed
from service.session.source import PlanSource


def plan_of(chunks: list[str], max_chunk_characters: int, closes: list[str] | None = None) -> Plan:
    return Plan(
        chunks=Chunks.of(chunks),
        complexity=Complexity.LOW,
        word_count=0,
        has_html=False,
        speed=Speed.NORMAL,
        max_chunk_characters=max_chunk_characters,
        closes=None if closes is None else CloseTexts.of(closes),
    )


def numbered(chunks: list[str]) -> list[str]:
    """A distinct end tag for each chunk."""
    return [f"</{number}>" for number in range(len(chunks))]


def merged(plan: Plan, start: int) -> list[str]:
    source = PlanSource(plan)
    source.skip(start)
    data: list[str] = []
    while not source.ended(start + len(data)):
        piece = source.chunk(start + len(data))
        assert piece is not None
        data.append(piece[0])
    assert source.chunk(start + len(data)) is None
    return data


chunk_lists = st.lists(st.text("ab", min_size=1, max_size=12), min_size=1, max_size=30)
limits = st.integers(1, 20)


def seconds_for(chunks: int) -> float:
    """The remaining time that a number of chunks needs."""
    return ((chunks - 0.5) * GAP_SECONDS[Speed.NORMAL] + RESERVED_SECONDS) / USABLE_SHARE


# Skipping


@given(chunk_lists, limits, st.data())
def test_merging_gives_the_rest_in_the_fewest_chunks_within_the_limit(
    chunks: list[str], limit: int, data: st.DataObject
) -> None:
    plan = plan_of(chunks, limit)
    start = data.draw(st.integers(0, len(chunks)))
    rest = merged(plan, start)
    assert "".join(rest) == "".join(chunks[start:])
    assert all(len(chunk) <= limit or chunk in chunks for chunk in rest)
    # No merged chunk has room for the first chunk of the next one.
    position = start
    for chunk, after in pairwise(rest):
        taken = 0
        while taken < len(chunk):
            taken += len(chunks[position])
            position += 1
        assert after.startswith(chunks[position])
        assert len(chunk) + len(chunks[position]) > limit


def test_merging_one_chunk_or_none() -> None:
    plan = plan_of(["a ", "b"], 10)
    assert merged(plan, 1) == ["b"]
    assert merged(plan, 2) == []


def test_a_merged_chunk_has_the_close_text_of_its_last_chunk() -> None:
    source = PlanSource(plan_of(["a", "b", "c", "d"], 2, ["1", "2", "3", "4"]))
    assert source.chunk(0) == ("a", "1")
    source.skip(1)
    assert [source.chunk(1), source.chunk(2)] == [("bc", "3"), ("d", "4")]


# Coalescing


@given(chunk_lists, limits, st.floats(-10, 10))
def test_coalescing_fits_the_remaining_time_without_loss_and_within_the_limit(
    chunks: list[str], limit: int, seconds_left: float
) -> None:
    plan = plan_of(chunks, limit, numbered(chunks))
    fitted = coalesce(plan, seconds_left)
    assert "".join(fitted.chunks) == "".join(chunks)
    assert all(len(chunk) <= limit or chunk in chunks for chunk in fitted.chunks)
    assert fitted.closes is not None
    ends = dict(zip(accumulate(map(len, chunks)), numbered(chunks), strict=True))
    assert fitted.closes == [ends[end] for end in accumulate(map(len, fitted.chunks))]
    assert fitted == plan_of([*fitted.chunks], limit, [*fitted.closes])  # with the statistics of its own chunks
    takes = (len(fitted.chunks) - 1) * plan.gap_seconds
    assert takes <= max(0.0, seconds_left) or fitted.chunks == merged(plan, 0)
    assert coalesce(plan, seconds_left) == fitted


@given(chunk_lists, st.data())
def test_coalescing_is_even_and_minimal(chunks: list[str], data: st.DataObject) -> None:
    assume(len(chunks) > 1)
    fitting = data.draw(st.integers(1, len(chunks) - 1))
    fitted = coalesce(plan_of(["x"] * len(chunks), 1000), seconds_for(fitting))
    assert len(fitted.chunks) == fitting
    lengths = set(map(len, fitted.chunks))
    assert max(lengths) - min(lengths) <= 1


def test_a_plan_that_fits_is_unchanged() -> None:
    plan = plan_of(["a", "b", "c"], 10)
    assert coalesce(plan, seconds_for(3)) is plan


def test_long_chunks_leave_more_merging_to_the_others() -> None:
    plan = plan_of(["x"] * 100 + ["y" * 9] * 10, 10)
    fitted = coalesce(plan, seconds_for(40))
    assert len(fitted.chunks) <= 40
    assert max(map(len, fitted.chunks)) <= 10
    assert fitted.chunks[-9:] == ["y" * 9] * 9


@pytest.mark.parametrize("seconds_left", [-5.0, 0.0, 1.0])
def test_without_time_the_limit_still_holds(seconds_left: float) -> None:
    assert coalesce(plan_of([*"abcdef"], 4), seconds_left).chunks == ["abcd", "ef"]
