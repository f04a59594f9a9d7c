"""PromQL over declared metrics, and numbers with units."""

import math
import time
from collections.abc import Callable

import pytest
from grafana_foundation_sdk.models import units

from dashboards.queries import quantile, rate, select, within
from observability.registry.metrics import CHUNKS, REQUESTS, TIME_TO_FIRST_CHUNK
from tools.observe.units import format_value


def test_query_sums_over_the_selected_series() -> None:
    assert rate(REQUESTS, "outcome", content_type=("text", "html")) == (
        'sum by (outcome) (rate(stream_requests_total{job=~"$job",instance=~"$instance",content_type=~"text|html"}'
        "[$__rate_interval]))"
    )
    assert quantile(0.95, CHUNKS) == (
        'histogram_quantile(0.95, sum by (le) (rate(stream_chunks_bucket{job=~"$job",instance=~"$instance"}'
        "[$__rate_interval])))"
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: rate(REQUESTS, "colour"),
        lambda: select(REQUESTS, outcome="failed"),
        lambda: within(TIME_TO_FIRST_CHUNK, 0.3),
    ],
    ids=["label", "value", "edge"],
)
def test_query_of_something_undeclared_raises(make: Callable[[], str]) -> None:
    with pytest.raises(AssertionError):
        make()


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, units.Seconds, "0"),
        (0.000_25, units.Seconds, "250 µs"),
        (0.00475, units.Seconds, "4.75 ms"),
        (90, units.Seconds, "1.5 min"),
        (0.05, units.PercentUnit, "5 %"),
        (1, units.PercentUnit, "100 %"),
        (1536, units.BytesIEC, "1.5 KiB"),
        (2 * 1024**2, units.BytesPerSecondIEC, "2 MiB/s"),
        (24, units.RequestsPerMinute, "24/min"),
        (100_000, units.Short, "100 K"),
        (math.nan, units.Short, "-"),
    ],
)
def test_number_has_its_unit(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


def test_moment_is_relative_to_now() -> None:
    assert format_value(1000 * (time.time() - 150), units.DateTimeFromNow) == "2.5 min ago"
