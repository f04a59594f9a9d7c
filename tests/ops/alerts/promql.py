"""PromQL expressions: the series, labels and numbers that they contain."""

import re
from collections.abc import Iterator

import promql_parser as promql
from msgspec import Struct

_FENCED = re.compile(r"^```promql\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMPARISONS = {">", ">=", "<", "<=", "==", "!="}


class Selector(Struct, frozen=True):
    """Series, selected by name and labels."""

    metric: str
    matchers: tuple[tuple[str, str], ...]
    """Label and value; for a regular expression, label and each of its alternatives."""
    function: str = ""
    """The function whose argument it is: ``rate``, ``histogram_quantile``, … or none."""
    kept: frozenset[str] | None = None
    """The labels that an aggregation with ``by`` keeps; ``None`` without such an aggregation."""
    aggregation: str = ""
    """The innermost aggregation around it: ``sum``, ``max``, … or none."""


class Expression(Struct, frozen=True):
    selectors: tuple[Selector, ...]
    labels: frozenset[str]
    """The labels of aggregations and of vector matching."""
    bounds: tuple[float, ...]
    """The numbers with which values are compared."""

    @property
    def metrics(self) -> frozenset[str]:
        return frozenset(selector.metric for selector in self.selectors)


def parse(expression: str) -> Expression:
    """Raises ``ValueError`` for an expression that is not PromQL."""
    tree = promql.parse(expression)
    return Expression(tuple(_selectors(tree)), frozenset(_labels(tree)), tuple(_bounds(tree)))


def queries(markdown: str) -> list[str]:
    """The PromQL blocks of a document."""
    return _FENCED.findall(markdown)


def _selectors(
    node: promql.Expr, function: str = "", kept: frozenset[str] | None = None, aggregation: str = ""
) -> Iterator[Selector]:
    match node:
        case promql.VectorSelector():
            yield Selector(node.name or "", tuple(_matchers(node)), function, kept, aggregation)
        case promql.MatrixSelector():
            yield from _selectors(node.vector_selector, function, kept, aggregation)
        case promql.Call():
            for argument in node.args:
                yield from _selectors(argument, node.func.name, kept, aggregation)
        case promql.AggregateExpr():
            by = node.modifier is not None and node.modifier.type == promql.AggModifierType.By
            inner = frozenset(node.modifier.labels) if by and node.modifier else kept
            yield from _selectors(node.expr, function, inner, str(node.op))
        case promql.BinaryExpr():
            yield from _selectors(node.lhs, function, kept, aggregation)
            yield from _selectors(node.rhs, function, kept, aggregation)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from _selectors(node.expr, function, kept, aggregation)


def _matchers(selector: promql.VectorSelector) -> Iterator[tuple[str, str]]:
    for matcher in selector.matchers.matchers:
        is_regex = matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe)
        for value in matcher.value.split("|") if is_regex else [matcher.value]:
            yield matcher.name, value


def _children(node: promql.Expr) -> list[promql.Expr]:
    match node:
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.Call():
            return list(node.args)
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return [node.expr]
        case _:
            return []


def _labels(node: promql.Expr) -> Iterator[str]:
    if isinstance(node, promql.AggregateExpr) and node.modifier:
        yield from node.modifier.labels
    if isinstance(node, promql.BinaryExpr) and node.modifier:
        yield from node.modifier.matching.labels if node.modifier.matching else ()
        yield from node.modifier.group_labels or ()
    for child in _children(node):
        yield from _labels(child)


def _bounds(node: promql.Expr) -> Iterator[float]:
    if isinstance(node, promql.BinaryExpr) and str(node.op) in _COMPARISONS:
        yield _number(node.rhs)
    for child in _children(node):
        yield from _bounds(child)


def _number(node: promql.Expr) -> float:
    match node:
        case promql.NumberLiteral():
            return node.val
        case promql.BinaryExpr() if str(node.op) == "*":
            return round(_number(node.lhs) * _number(node.rhs), 9)
        case _:
            raise ValueError(f"{node} is not a number or a product of numbers")
