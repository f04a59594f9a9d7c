"""The range of a histogram, outside of which its quantiles are unknown.

Between two boundaries a quantile is an interpolation, which is fine on a panel. Below the first boundary it would be an
invention, and above the last it is that boundary: there a panel shows that the value is below, or above.
"""

import re
from collections.abc import Iterable
from typing import Final

import promql_parser as promql
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import units

from dashboards.queries import Query, with_fixed_ranges
from observability.registry.metric_types import Histogram
from observability.registry.metrics import METRICS

_RECORDED: Final = re.compile(r"^\w+:(\w+):p\d+_")
_HISTOGRAMS: Final = {metric.name: metric for metric in METRICS if isinstance(metric, Histogram)}


def histograms(queries: Iterable[Query]) -> list[Histogram]:
    """The histograms of which the queries are quantiles."""
    return [_HISTOGRAMS[name] for name in sorted({name for query in queries for name in _of(query.expr)})]


def mappings(queries: Iterable[Query], unit: str) -> list[model.ValueMapping]:
    """Texts for values outside the boundaries of the histograms; none if the queries are no quantiles."""
    found = histograms(queries)
    if not found:
        return []
    lowest, highest = max(one.buckets[0] for one in found), min(one.buckets[-1] for one in found)
    below = model.DashboardRangeMapOptions(
        from_val=None, to=lowest, result=model.ValueMappingResult(text=f"≤ {_text(lowest, unit)}", index=0)
    )
    above = {f"{highest:.15g}": model.ValueMappingResult(text=f"> {_text(highest, unit)}", index=1)}
    return [model.RangeMap(options=below), model.ValueMap(options=above)]


def lowest_boundary(queries: Iterable[Query]) -> float | None:
    """The value below which nothing is known; ``None`` if the queries are no quantiles."""
    return max((one.buckets[0] for one in histograms(queries)), default=None)


def _of(expr: str) -> set[str]:
    """Empty if the expression is not a quantile."""
    found: set[str] = set()

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector) and (recorded := _RECORDED.match(node.name or "")):
            found.add(recorded[1])
        if isinstance(node, promql.Call) and node.func.name == "histogram_quantile":
            found.update(re.findall(r"(\w+)_bucket", node.args[1].prettify()))

    promql.walk(promql.parse(with_fixed_ranges(expr)), visit)
    return found


def _text(value: float, unit: str) -> str:
    if unit == units.Seconds:
        return f"{value:g} s" if value >= 1 else f"{1000 * value:g} ms"
    return f"{value:g} B" if unit == units.BytesIEC else f"{value:g}"
