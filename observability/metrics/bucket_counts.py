"""A histogram whose observations were counted elsewhere."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import add

from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from observability.registry.metric_types import Histogram


class BucketCounts(Collector):
    """The sums of all counts of one process, for a metric without labels.

    The histograms of prometheus_client take one observation a call, which costs too much for each chunk.
    """

    def __init__(self, metric: Histogram) -> None:
        self._metric = metric
        self._totals: tuple[Sequence[int], float] = [0] * len(metric.edges()), 0.0

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add observations by bucket, not cumulative, and the sum of their values. Not thread-safe."""
        before, total_before = self._totals
        # One assignment, so that a scrape in another thread sees both or neither.
        self._totals = list(map(add, before, counts)), total_before + total

    def collect(self) -> Iterable[Metric]:
        """Return the family. May be called from any thread."""
        metric, (counts, total) = self._metric, self._totals
        buckets = [(edge, float(count)) for edge, count in zip(metric.edges(), accumulate(counts), strict=True)]
        yield HistogramMetricFamily(metric.name, metric.help, buckets=buckets, sum_value=total, unit=metric.unit)
