"""What a PromQL expression asks for."""

import re
from collections.abc import Iterator

import promql_parser as promql
from msgspec import Struct

_FENCED = re.compile(r"^```promql\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Selector(Struct, frozen=True):
    """Series by their name and their labels."""

    metric: str
    matchers: tuple[tuple[str, str], ...]
    """Label and value; for a regular expression, label and each of its alternatives."""
    function: str = ""
    """What it is an argument of: ``rate``, ``histogram_quantile``, … or nothing."""
    kept: frozenset[str] | None = None
    """The labels that an aggregation keeps; ``None`` if there is none around it, or one that names what it drops."""


class Asked(Struct, frozen=True):
    """All that an expression names."""

    selectors: tuple[Selector, ...]
    labels: frozenset[str]
    """The labels that its aggregations and matchings name."""

    @property
    def metrics(self) -> frozenset[str]:
        return frozenset(selector.metric for selector in self.selectors)


def ask(expression: str) -> Asked:
    """Parse an expression. Raises ``ValueError`` for what is not PromQL."""
    tree = promql.parse(expression)
    return Asked(tuple(_selectors(tree)), frozenset(_labels(tree)))


def fenced(markdown: str) -> list[str]:
    """The queries of a document."""
    return _FENCED.findall(markdown)


def _selectors(node: promql.Expr, function: str = "", kept: frozenset[str] | None = None) -> Iterator[Selector]:
    match node:
        case promql.VectorSelector():
            yield Selector(node.name or "", tuple(_matchers(node)), function, kept)
        case promql.MatrixSelector():
            yield from _selectors(node.vector_selector, function, kept)
        case promql.Call():
            for argument in node.args:
                yield from _selectors(argument, node.func.name, kept)
        case promql.AggregateExpr():
            by = node.modifier is not None and node.modifier.type == promql.AggModifierType.By
            yield from _selectors(
                node.expr, function, frozenset(node.modifier.labels) if by and node.modifier else kept
            )
        case promql.BinaryExpr():
            yield from _selectors(node.lhs, function, kept)
            yield from _selectors(node.rhs, function, kept)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from _selectors(node.expr, function, kept)


def _matchers(selector: promql.VectorSelector) -> Iterator[tuple[str, str]]:
    for matcher in selector.matchers.matchers:
        several = matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe)
        for value in matcher.value.split("|") if several else [matcher.value]:
            yield matcher.name, value


def _labels(node: promql.Expr) -> Iterator[str]:
    match node:
        case promql.AggregateExpr():
            yield from node.modifier.labels if node.modifier else ()
            yield from _labels(node.expr)
        case promql.BinaryExpr():
            if node.modifier is not None:
                yield from node.modifier.matching.labels if node.modifier.matching else ()
                yield from node.modifier.group_labels or ()
            yield from _labels(node.lhs)
            yield from _labels(node.rhs)
        case promql.Call():
            for argument in node.args:
                yield from _labels(argument)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from _labels(node.expr)
