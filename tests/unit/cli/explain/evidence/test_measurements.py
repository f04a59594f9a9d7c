"""Increases, quantiles and beginnings, as Prometheus computes them."""

from math import inf

import pytest

from service.cli.explain.evidence import Measurements, Period, Series
from service.cli.explain.evidence.measurements import first_of_run
from tests.unit.cli.explain.given import END, PERIOD, TARGET, counter, gauge, histogram

START = "process_start_time_seconds"


def measured(*series: Series, period: Period = PERIOD) -> Measurements:
    return Measurements(series, period)


def points(*values: float, every: float = 60) -> tuple[tuple[float, float], ...]:
    """The last of them at the end."""
    return tuple((END - every * (len(values) - 1 - number), value) for number, value in enumerate(values))


def test_an_increase_is_that_of_the_recent_time() -> None:
    metrics = measured(counter("x_total", 100, 600, code="A"), counter("x_total", 10, 200, code="B"))
    assert metrics.increase("x_total", code="B") == pytest.approx(10)
    assert metrics.increase("x_total") == pytest.approx(50 + 10, rel=0.1)
    assert list(metrics.increases("x_total", "code", after=PERIOD.start)) == ["A", "B"]
    assert metrics.increase("x_total", code=("A", "C"), after=PERIOD.start) == pytest.approx(100)


def test_a_counter_that_fell_began_again() -> None:
    metrics = measured(Series("x_total", TARGET, points(100, 101, 3, 5)))
    assert metrics.increase("x_total", after=PERIOD.start) == 1 + 3 + 2


def test_a_counter_of_a_process_that_started_in_the_period_counts_from_zero() -> None:
    series = Series("x_total", TARGET, points(40, 41, every=15))
    assert measured(series).increase("x_total", after=PERIOD.start) == 1
    started = gauge(START, END - 100)
    assert measured(series, started).increase("x_total", after=PERIOD.start) == 41
    born = Series(START, TARGET, points(END - 100, END - 100, every=15))
    assert (measured(series).oldest, measured(series, born).oldest) == (END - 15, END - 100)
    earlier = gauge(START, END - 10_000)
    assert measured(series, earlier).increase("x_total", after=PERIOD.start) == 1
    other = gauge(START, END - 100, instance="10.0.0.9:8000")
    assert measured(series, other).increase("x_total", after=PERIOD.start) == 1


def test_a_series_that_ended_is_not_present() -> None:
    gone = Series("x", {"instance": "old"}, tuple((at, 1.0) for at in (END - 900, END - 600)))
    metrics = measured(gone, gauge("x", 2))
    assert [sample.value for sample in metrics.present("x")] == [2]
    assert len(metrics.series("x")) == 2


def test_one_failed_scrape_is_no_outage() -> None:
    metrics = measured(gauge("up", 0, before=1, ago=0), gauge("up", 0, before=1, ago=15, instance="b"))
    assert [sample.labels["instance"] for sample in metrics.failing("up")] == ["b"]
    assert not measured(Series("up", TARGET, points(0))).failing("up")


def test_what_lasts_began_after_the_last_pause() -> None:
    one = counter("x_total", 5, ago=1500, until=1400)
    two = counter("x_total", 5, ago=240, code="B")
    assert measured(one, two).began("x_total") == pytest.approx(END - 240, abs=15)
    assert measured(gauge("x_total", 7)).began("x_total") is None
    assert measured(counter("x_total", 100, ago=1800)).began("x_total") == PERIOD.start
    assert measured(Series("x_total", TARGET, points(1, 2))).began("x_total") is None
    assert measured(Series("x_total", TARGET, points(1, 2, 3, 4, 5))).began("x_total") is None
    assert first_of_run([10, 20, 30, 100, 105], pause=10) == 100


def test_a_condition_holds_since_it_began_to() -> None:
    metrics = measured(gauge("up", 0, before=1, ago=120), gauge("up", 0, before=1, ago=60, instance="b"))
    assert metrics.held_since(lambda value: value == 0, "up") == END - 120
    assert metrics.held_since(lambda value: value == 2, "up") is None


def test_a_quantile_is_interpolated_within_its_bucket() -> None:
    metrics = measured(*histogram("x", {0.1: 50, 0.5: 50}))
    median, p95 = metrics.quantile(0.5, "x"), metrics.quantile(0.95, "x")
    assert median is not None
    assert p95 is not None
    assert median.seconds == pytest.approx(0.1)
    assert median.count == pytest.approx(100)
    assert p95.seconds == pytest.approx(0.46)


def test_a_quantile_over_all_bounds_is_the_largest_bound() -> None:
    found = measured(*histogram("x", {0.1: 1, inf: 9})).quantile(0.95, "x")
    assert found is not None
    assert found.seconds == 0.1
    assert measured(*histogram("x", {0.1: 0})).quantile(0.95, "x") is None


def test_observations_above_a_bound_began() -> None:
    fast = histogram("x", {0.1: 1000, 0.5: 0, 1.0: 0}, ago=1700, operation="get")
    slow = histogram("x", {0.1: 0, 0.5: 0, 1.0: 30}, ago=150, operation="put")
    assert measured(*fast, *slow).began_above("x", 0.5) == pytest.approx(END - 150, abs=15)
    assert measured(*fast).began_above("x", 0.5) is None
