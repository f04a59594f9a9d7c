"""What happens in live streams is counted once, in the bucket of its value."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events import (
    DEFINITION_WAIT_SECONDS,
    FIRST_APPENDS,
    HELD_BACK_SECONDS,
    LIVE_GAP_SECONDS,
    SOURCE_TO_SOCKET_SECONDS,
    Distribution,
    LiveChunk,
    LiveMeter,
)

seconds = st.integers(0, 1 << 19).map(lambda count: count / 1024)
"""Numbers that add without an error, up to more than the last bounds."""
chunks = st.builds(LiveChunk, seconds, st.none() | seconds, st.booleans())


def distribution(values: Sequence[float], bounds: Sequence[float]) -> Distribution:
    edges = pairwise((-math.inf, *bounds, math.inf))
    return Distribution(tuple(sum(low < value <= high for value in values) for low, high in edges), sum(values))


def test_nothing_is_reported_if_nothing_happened() -> None:
    meter = LiveMeter()
    meter.chunks_sent(())
    assert meter.take() is None


@given(st.lists(st.lists(chunks, min_size=1), min_size=1))
def test_chunks_are_counted(sent: list[list[LiveChunk]]) -> None:
    meter = LiveMeter()
    for step in sent:
        meter.chunks_sent(step)
    every = [chunk for step in sent for chunk in step]
    measured = meter.take()
    assert measured is not None
    assert (measured.chunks, measured.replacements) == (len(every), sum(chunk.replaced for chunk in every))
    waits = [chunk.waited_seconds for chunk in every]
    assert measured.source_to_socket == distribution(waits, SOURCE_TO_SOCKET_SECONDS)
    gaps = [chunk.gap_seconds for chunk in every if chunk.gap_seconds is not None]
    assert measured.gaps == distribution(gaps, LIVE_GAP_SECONDS)
    assert meter.take() is None


@given(st.lists(seconds, min_size=1), st.lists(st.integers(1, 100), min_size=1))
def test_what_feeds_report_is_counted(held: list[float], first: list[int]) -> None:
    meter = LiveMeter()
    for value in held:
        meter.held_back(value)
    for appends in first:
        meter.first_shown(appends)
    measured = meter.take()
    assert measured is not None
    assert measured.held_back == distribution(held, HELD_BACK_SECONDS)
    assert measured.first_appends == distribution(first, FIRST_APPENDS)


def test_readers_that_wait_for_a_definition_are_known_until_it_came() -> None:
    meter = LiveMeter()
    meter.awaits_definition(3)
    began = meter.take()
    meter.definition_came(2, 7.0)
    went_on = meter.take()
    meter.definition_came(1, 40.0)
    ended = meter.take()
    assert began is not None
    assert went_on is not None
    assert ended is not None
    assert (began.awaiting_definition, went_on.awaiting_definition, ended.awaiting_definition) == (3, 1, 0)
    assert began.definition_waits == distribution([], DEFINITION_WAIT_SECONDS)
    assert went_on.definition_waits == distribution([7.0, 7.0], DEFINITION_WAIT_SECONDS)
    assert ended.definition_waits == distribution([40.0], DEFINITION_WAIT_SECONDS)
    assert ended.definition_waits.total == pytest.approx(40.0)
