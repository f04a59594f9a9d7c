"""What an alert compares with its threshold, for the panel that shows it.

A panel shows an alert by plotting the left side of its comparison, restricted to the job and the instances that the
reader has chosen, and the right side as a line: so it cannot show anything else than what the alert evaluates.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import promql_parser as promql
from msgspec import Struct

from dashboards.rules import ALERTS, JOB

_COMPARISONS: Final = {">", ">=", "<", "<=", "=="}
_OF_ALL_INSTANCES: Final = "job:"
"""The beginning of the names of recorded series that have no label for the instance."""


class Comparison(Struct, frozen=True):
    """One side of an alert's condition."""

    expr: str
    """Contains the variables ``$job`` and ``$instance``."""
    bound: float


@cache
def comparisons(alert: str) -> tuple[Comparison, ...]:
    """What the alert with this name compares: the first comparison of each alternative, without floors of traffic."""
    return tuple(_compared(promql.parse(ALERTS[alert].expr)))


def compared(alert: str) -> str:
    """What an alert compares that has one comparison, or several of one expression."""
    [expr] = {one.expr for one in comparisons(alert)}
    return expr


def scoped(expr: str) -> str:
    """The expression over the job and the instances that the reader of a dashboard has chosen."""

    def restrict(node: promql.Expr) -> promql.Expr | None:
        if not isinstance(node, promql.VectorSelector) or '"$job' in (text := node.prettify()):
            return None
        name, _, rest = text.partition("{")
        chosen = [one for one in (scope(name), *_matchers(rest.removesuffix("}"))) if one]
        return promql.parse(f"{name}{{{','.join(chosen)}}}")

    return _one_line(promql.transform(promql.parse(expr), restrict).prettify())


def scope(series: str) -> str:
    """The matchers of a series. A series over all instances has no label ``instance``, which equals an empty one."""
    nothing = "|" if series.startswith(_OF_ALL_INSTANCES) else ""
    return f'job=~"$job",instance=~"$instance{nothing}"'


def _matchers(text: str) -> Iterator[str]:
    """Without the fixed job, which the variable replaces."""
    yield from (one for one in re.findall(r'\w+(?:=~|!~|!=|=)"[^"]*"', text) if one != f'job="{JOB}"')


def _compared(node: promql.Expr) -> Iterator[Comparison]:
    match node:
        case promql.ParenExpr():
            yield from _compared(node.expr)
        case promql.BinaryExpr() if str(node.op) == "or":
            yield from _compared(node.lhs)
            yield from _compared(node.rhs)
        case promql.BinaryExpr() if str(node.op) in {"and", "unless"}:
            yield from _compared(node.lhs)
        case promql.BinaryExpr() if str(node.op) in _COMPARISONS:
            yield Comparison(scoped(node.lhs.prettify()), _number(node.rhs))


def _number(node: promql.Expr) -> float:
    match node:
        case promql.NumberLiteral():
            return node.val
        case promql.BinaryExpr() if str(node.op) == "*":
            return round(_number(node.lhs) * _number(node.rhs), 9)
    raise TypeError(node.prettify())


def _one_line(text: str) -> str:
    return re.sub(r"(?<=\() | (?=\))", "", " ".join(text.split()))
