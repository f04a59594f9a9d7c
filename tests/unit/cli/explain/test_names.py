"""The names that explain uses are those of the service: metrics, log events and fields, spans, alerts, runbooks."""

import ast
from collections.abc import Iterator

import pytest

from dashboards.rules import ALERTS
from observability.registry.log_events import LOG_EVENTS
from observability.registry.metric_types import Histogram
from observability.registry.metrics import METRICS
from observability.registry.spans import SPANS
from service.cli.explain.causes.metric_names import COUNTERS_AND_GAUGES, HISTOGRAMS
from service.cli.explain.causes.table import CAUSES, causes_of, runbook_of
from service.cli.explain.subjects.verdicts import CLOSES, CODES, OUTCOMES
from service.events import CloseReason, Outcome
from service.protocol.errors import ErrorCode
from tests.conftest import PROJECT

PACKAGE = PROJECT / "service" / "cli" / "explain"
RUNBOOKS = PROJECT / "docs" / "runbooks"
METRIC_SUFFIXES = ("_bucket", "_count", "_sum")
COMMON = {"instance"}
"""Fields of every line."""


def trees() -> Iterator[ast.AST]:
    for path in sorted([*(PACKAGE / "causes").glob("*.py"), *(PACKAGE / "subjects").glob("*.py")]):
        yield from ast.walk(ast.parse(path.read_text()))


def texts(node: ast.AST) -> Iterator[str]:
    """The string constants in an expression."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def arguments(*methods: str) -> set[str]:
    """The constants that are passed by position to these methods."""
    return {
        text
        for node in trees()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods
        for argument in node.args
        for text in texts(argument)
    }


def compared(attribute: str) -> set[str]:
    """The constants with which an attribute is compared."""
    return {
        text
        for node in trees()
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == attribute
        for text in texts(node)
    }


def series_used() -> set[str]:
    """The constants in the package that are names of metrics, or of series of histograms."""
    used = {text for node in trees() for text in texts(node) if text.startswith(("stream_", "process_"))}
    bare = {text.removesuffix(suffix) for text in used for suffix in METRIC_SUFFIXES}
    return (used | bare) & {metric.name for metric in METRICS}


def test_prometheus_is_asked_for_every_metric_that_a_cause_uses() -> None:
    assert series_used() <= {*COUNTERS_AND_GAUGES, *HISTOGRAMS}


def test_every_metric_is_declared() -> None:
    declared = {metric.name: metric for metric in METRICS}
    own = {name for name in (*COUNTERS_AND_GAUGES, *HISTOGRAMS) if name.startswith("stream_")}
    assert own <= declared.keys()
    assert {name for name in own if isinstance(declared[name], Histogram)} == own & {*HISTOGRAMS}


def test_every_log_event_is_declared() -> None:
    used = arguments("logged", "recent") | compared("event")
    assert used <= {event.name for event in LOG_EVENTS}


def test_every_field_and_attribute_is_declared() -> None:
    fields = {field.name for event in LOG_EVENTS for field in event.fields}
    attributes = {attribute.name for span in SPANS for attribute in span.attributes}
    assert arguments("text", "number") - COMMON <= fields | attributes


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_a_cause_with_its_runbook(name: str) -> None:
    assert name == "Watchdog" or causes_of(name)
    assert runbook_of(name) == ALERTS[name].runbook


def test_every_cause_names_alerts_that_exist() -> None:
    assert {name for cause in CAUSES for name in cause.alerts} <= ALERTS.keys()


def test_every_runbook_exists() -> None:
    verdicts = (*OUTCOMES.values(), *CODES.values(), *CLOSES.values())
    assert {verdict.runbook for verdict in verdicts if verdict.runbook} <= {path.name for path in RUNBOOKS.glob("*.md")}


def test_every_outcome_code_and_close_has_a_verdict() -> None:
    assert set(Outcome) == set(OUTCOMES)
    assert set(ErrorCode) == set(CODES)
    assert set(CloseReason) == set(CLOSES)
