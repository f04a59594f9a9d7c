"""The colours of series by what they mean: red is a failure of the service, orange a warning, green a success.

Everything else has a colour without a meaning, and lines of instances are shades of blue: Grafana's own palette would
make the fifth of them red.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle, product
from typing import Final

import promql_parser as promql

from dashboards.foreign import FOREIGN
from dashboards.queries import Query, with_fixed_ranges
from observability.registry.metric_types import Histogram
from observability.registry.metrics import METRICS

GOOD: Final = "green"
WARN: Final = "orange"
BAD: Final = "red"
NOTE: Final = "blue"
SHADES: Final = "blue"
"""Of series whose number is not known."""

LIMIT: Final = "#8f8f8f"
LIMITS: Final = {"capacity", "limit"}
"""Names that begin with these words are limits of other series, and grey."""

MEANINGS: Final[Mapping[tuple[str, str], str]] = {
    **dict.fromkeys(
        (
            ("outcome", "error"),
            ("outcome", "refused_capacity"),
            ("reason", "error"),
            ("status_class", "5xx"),
            ("level", "ERROR"),
            ("result", "unavailable"),
            ("code", "INTERNAL_ERROR"),
            ("code", "PROCESSING_ERROR"),
            ("code", "CHUNKING_ERROR"),
            ("code", "STREAM_ERROR"),
        ),
        BAD,
    ),
    **dict.fromkeys(
        (
            ("outcome", "slow_client"),
            ("outcome", "refused_address"),
            ("reason", "slow_client"),
            ("reason", "keepalive_timeout"),
            ("reason", "abnormal"),
            ("status_class", "4xx"),
            ("level", "WARNING"),
            ("code", "SERVER_BUSY"),
            ("code", "OVER_CAPACITY"),
            ("code", "RATE_LIMIT_EXCEEDED"),
        ),
        WARN,
    ),
    **dict.fromkeys(
        (
            ("outcome", "completed"),
            ("outcome", "accepted"),
            ("reason", "client"),
            ("result", "recovered"),
            ("result", "repeated"),
            ("status_class", "2xx"),
        ),
        GOOD,
    ),
}
"""By label and value."""

_NEUTRAL: Final = (
    "blue",
    "purple",
    "yellow",
    "super-light-blue",
    "#8f8f8f",
    "super-light-purple",
    "semi-dark-yellow",
    "dark-blue",
    "dark-purple",
    "light-yellow",
    "#c0c0c0",
    "light-blue",
)
_QUANTILES: Final = {"p50": "super-light-blue", "p95": "blue", "p99": "purple"}


def colours(queries: Iterable[Query]) -> dict[str, str]:
    """The colour of each series by its name, without those that have a label with any value in their name."""
    found: dict[str, str] = {}
    neutral = cycle(_NEUTRAL)
    for query in queries:
        for name, meaning in _names(query):
            found.setdefault(name, meaning or _QUANTILES.get(name) or next(neutral))
    return found


def _names(query: Query) -> Iterator[tuple[str, str]]:
    """Each name that the legend of a query may make, and the colour that it means, if any."""
    labels = [part.partition("}}")[0] for part in query.legend.split("{{")[1:]]
    known = _values(query.expr) if labels else {}
    if any(label not in known for label in labels):
        return
    for combination in product(*(known[label] for label in labels)):
        pairs = list(zip(labels, combination, strict=True))
        name = query.legend
        for label, value in pairs:
            name = name.replace(f"{{{{{label}}}}}", value)
        meant = {MEANINGS.get(pair, "") for pair in pairs}
        yield name, next((one for one in (BAD, WARN, GOOD) if one in meant), "")


def _values(expr: str) -> dict[str, Sequence[str]]:
    """The values of the labels that the series of an expression have, by the registry."""
    names: set[str] = set()

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            names.add(node.name or "")

    promql.walk(promql.parse(with_fixed_ranges(expr)), visit)
    found: dict[str, Sequence[str]] = {}
    for metric in (*METRICS, *FOREIGN):
        of_histogram = {f"{metric.name}{suffix}" for suffix in ("_bucket", "_sum", "_count")}
        if names & (of_histogram if isinstance(metric, Histogram) else {metric.name}):
            found |= metric.labels
    return found
