"""The dimension of a PromQL expression, computed from the names of its metrics, and the units that fit it."""

import promql_parser as promql
from grafana_foundation_sdk.models import units
from msgspec import Struct

from tests.ops.alerts.promql import parse

_COUNTS = {units.Short, units.NoUnit}
_UNITS: dict[tuple[int, int, float], set[str]] = {
    (1, 0, 1): {units.Seconds},
    (1, 0, 1000): {units.DateTimeFromNow},  # milliseconds of the epoch
    (0, 1, 1): {units.BytesIEC},
    (-1, 1, 1): {units.BytesPerSecondIEC},
    (-1, 0, 1): {units.RequestsPerSecond, units.MessagesPerSecond},
    (-1, 0, 60): {units.RequestsPerMinute, units.EventsPerMinute, units.CountsPerMinute},
    (-1, 0, 300): _COUNTS,  # a number in five minutes
}
"""By powers and factor."""
_SETS = {"and", "unless", "==", "!=", ">", ">=", "<", "<="}
"""Operations whose result is the left operand or empty."""


class Dimension(Struct, frozen=True):
    """Powers of seconds and bytes, times a number. ``share`` is set for a quotient of equal dimensions."""

    seconds: int = 0
    bytes: int = 0
    factor: float = 1
    share: bool = False

    def times(self, other: "Dimension") -> "Dimension":
        return Dimension(self.seconds + other.seconds, self.bytes + other.bytes, self.factor * other.factor)

    def over(self, other: "Dimension") -> "Dimension":
        of_a_kind = self == other and self.factor == 1
        factor = self.factor / other.factor
        return Dimension(self.seconds - other.seconds, self.bytes - other.bytes, factor, share=of_a_kind)

    def units(self) -> set[str]:
        """The units of Grafana that fit."""
        if (self.seconds, self.bytes) == (0, 0):
            return {units.PercentUnit} if self.share else _COUNTS
        return _UNITS.get((self.seconds, self.bytes, self.factor), set())


NUMBER = Dimension()


def of(node: promql.Expr) -> Dimension:
    """The dimension of an expression. Raises ``TypeError`` for syntax that no dashboard uses so far."""
    match node:
        case promql.NumberLiteral():
            return Dimension(factor=node.val)
        case promql.VectorSelector():
            return _of_series(node.name or "")
        case promql.AggregateExpr() if str(node.op) == "count":
            return NUMBER
        case promql.ParenExpr() | promql.AggregateExpr():
            return of(node.expr)
        case promql.Call():
            return _of_call(node)
        case promql.BinaryExpr():
            return _of_operation(node)
    raise TypeError(node)


def _of_call(node: promql.Call) -> Dimension:
    match node.func.name:
        case "rate":
            counted = of(node.args[0].vector_selector)
            return Dimension(counted.seconds - 1, counted.bytes)
        case "increase":
            return of(node.args[0].vector_selector)
        case "label_replace":
            return of(node.args[0])
        case "changes" | "vector":
            return NUMBER
        case "time":
            return Dimension(seconds=1)
        case "histogram_quantile":
            return bucketed(node.args[1])
    raise TypeError(node.func.name)


def _of_operation(node: promql.BinaryExpr) -> Dimension:
    match str(node.op):
        case "*":
            return of(node.lhs).times(of(node.rhs))
        case "/" if of(node.lhs).share:  # of a budget
            return of(node.lhs)
        case "/":
            return of(node.lhs).over(of(node.rhs))
        case "-":
            left, right = of(node.lhs), of(node.rhs)
            assert right.share or left == right, "1 - share, or a difference of two of a kind"
            return right
        case "or" | "+":
            assert of(node.lhs).units() == of(node.rhs).units()
            return of(node.lhs)
        case operation if operation in _SETS:
            return of(node.lhs)
    raise TypeError(str(node.op))


def bucketed(node: promql.Expr) -> Dimension:
    """The dimension of the observations of a histogram, from an expression over its buckets."""
    [name] = parse(node.prettify()).metrics
    assert name.endswith("_bucket"), name
    return _of_name(name.removesuffix("_bucket"))


def _of_series(name: str) -> Dimension:
    if ":" in name:
        _, metric, operation = name.split(":")
        if operation.startswith("ratio"):
            return Dimension(share=True)
        return _of_name(metric) if operation.startswith("p") else NUMBER  # else a number of events
    return NUMBER if name.endswith(("_bucket", "_count")) else _of_name(name.removesuffix("_sum"))


def _of_name(metric: str) -> Dimension:
    name = metric.removesuffix("_total")
    if name.endswith("_seconds") or name == "ALERTS_FOR_STATE":
        return Dimension(seconds=1)
    return Dimension(bytes=1) if name.endswith("_bytes") else NUMBER
