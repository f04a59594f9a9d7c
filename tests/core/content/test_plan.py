"""Skipping: what is left, in as few chunks as may be."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.core.content import Plan, merged
from service.core.messages import Complexity, Speed


def plan_of(chunks: list[str], max_chunk_characters: int) -> Plan:
    return Plan(
        chunks=chunks,
        complexity=Complexity.LOW,
        word_count=0,
        has_html=False,
        speed=Speed.NORMAL,
        max_chunk_characters=max_chunk_characters,
    )


chunk_lists = st.lists(st.text("ab", min_size=1, max_size=12), min_size=1, max_size=30)


@given(chunk_lists, st.integers(1, 20), st.data())
def test_merged_chunks_are_the_rest_within_the_limit_and_as_few_as_can_be(
    chunks: list[str], max_chunk_characters: int, data: st.DataObject
) -> None:
    plan = plan_of(chunks, max_chunk_characters)
    start = data.draw(st.integers(0, len(chunks)))
    rest = merged(plan, start)
    assert "".join(rest) == "".join(chunks[start:])
    assert all(len(chunk) <= max_chunk_characters or chunk in chunks for chunk in rest)
    # None could have taken in the first of the chunks that the next one is made of.
    position = start
    for chunk, after in pairwise(rest):
        taken = 0
        while taken < len(chunk):
            taken += len(chunks[position])
            position += 1
        assert after.startswith(chunks[position])
        assert len(chunk) + len(chunks[position]) > max_chunk_characters


def test_merging_one_chunk_or_none() -> None:
    plan = plan_of(["a ", "b"], 10)
    assert merged(plan, 1) == ["b"]
    assert merged(plan, 2) == []
