"""Measures of the pace of a stream."""

import math

from hypothesis import given
from hypothesis import strategies as st

from service.cli.pace import GAP_SECONDS, deviations, gaps, percentile
from service.protocol.messages import GAP_SECONDS as SERVED_GAPS

GAP = 0.03
COUNT = st.integers(min_value=5, max_value=40)


def on_pace(count: int) -> list[float]:
    return [7 + index * GAP for index in range(count)]


def test_client_and_service_have_the_same_gaps() -> None:
    assert GAP_SECONDS == SERVED_GAPS


@given(st.lists(st.floats(-1, 1), min_size=1), st.floats(0, 1))
def test_a_percentile_is_the_least_value_that_enough_values_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) <= share * len(values)


@given(COUNT, st.data())
def test_one_early_chunk_is_the_only_early_deviation(count: int, data: st.DataObject) -> None:
    early = data.draw(st.integers(1, count - 1))
    arrivals = on_pace(count)
    arrivals[early] -= 0.02
    found = deviations(arrivals, GAP)
    assert [index for index, deviation in enumerate(found) if deviation < -0.001] == [early]
    assert math.isclose(found[early], -0.02)


@given(COUNT, st.data())
def test_one_late_chunk_makes_no_other_early(count: int, data: st.DataObject) -> None:
    arrivals = on_pace(count)
    arrivals[data.draw(st.integers(0, count - 1))] += data.draw(st.floats(0, 1))
    assert min(deviations(arrivals, GAP)) > -1e-9


@given(COUNT, st.data())
def test_a_delay_of_the_whole_rest_makes_no_chunk_early(count: int, data: st.DataObject) -> None:
    delayed_from = data.draw(st.integers(0, count))
    arrivals = [at + (1 if index >= delayed_from else 0) for index, at in enumerate(on_pace(count))]
    assert min(deviations(arrivals, GAP)) > -1e-9


@given(COUNT, st.floats(0.5, 0.9))
def test_a_pace_that_is_too_fast_is_detected(count: int, factor: float) -> None:
    arrivals = [index * GAP * factor for index in range(count)]
    ahead_by = GAP * (1 - factor)  # of the pace, more with each chunk
    assert min(deviations(arrivals, GAP)) <= -ahead_by * (count // 5) * 0.999


def test_gaps_are_between_neighbours() -> None:
    assert gaps([1.0, 1.5, 3.0]) == [0.5, 1.5]
