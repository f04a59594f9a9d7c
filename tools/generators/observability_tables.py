"""The tables of docs/observability.md, from the declarations in ``observability.registry``."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeVar

from observability.registry.log_events import LOG_EVENTS
from observability.registry.metric_types import Histogram
from observability.registry.metrics import METRICS
from observability.registry.spans import SPANS
from tools.generators.markdown import codes, table, with_blocks

_PATH = "docs/observability.md"

_Declaration = TypeVar("_Declaration")


def observability_tables() -> dict[str, str]:
    return {_PATH: with_blocks(_PATH, dict(chain(_of_metrics(), _of_spans(), _of_logs())))}


def _of_metrics() -> Iterator[tuple[str, str]]:
    yield (
        "metrics",
        table(
            ("Metric", "Type", "Labels", "Meaning"),
            (
                (
                    f"`{metric.name}`",
                    metric.type,
                    "; ".join(f"`{label}`: {', '.join(values)}" for label, values in metric.labels.items()),
                    metric.help,
                )
                for metric in METRICS
            ),
        ),
    )
    yield (
        "buckets",
        table(
            ("Histogram", "Exemplars", "`le`"),
            (
                (f"`{metric.name}`", "yes" if metric.exemplar else "", codes(metric.edges()))
                for metric in METRICS
                if isinstance(metric, Histogram)
            ),
        ),
    )


def _of_spans() -> Iterator[tuple[str, str]]:
    yield (
        "spans",
        table(
            ("Span", "Kind", "Covers", "Attributes", "Events", "Links to"),
            (
                (
                    f"`{span.name}`",
                    span.kind.name.lower(),
                    span.covers,
                    codes(attribute.name for attribute in span.attributes),
                    codes(event.name for event in span.events),
                    span.links,
                )
                for span in SPANS
            ),
        ),
    )
    events = _unique(event for span in SPANS for event in span.events)
    yield (
        "span-events",
        table(
            ("Event", "When", "Attributes"),
            (
                (f"`{event.name}`", event.when, codes(attribute.name for attribute in event.attributes))
                for event in events
            ),
        ),
    )
    of_spans = (attribute for span in SPANS for attribute in span.attributes)
    of_events = (attribute for event in events for attribute in event.attributes)
    attributes = _unique(chain(of_spans, of_events))
    yield (
        "attributes",
        table(
            ("Attribute", "Type", "Unit", "Meaning"),
            ((f"`{attribute.name}`", attribute.type, attribute.unit, attribute.meaning) for attribute in attributes),
        ),
    )


def _of_logs() -> Iterator[tuple[str, str]]:
    yield (
        "log-events",
        table(
            ("Event", "Level", "When", "Message", "Fields"),
            (
                (
                    f"`{event.name}`",
                    event.level,
                    event.when,
                    f"`{event.message}`",
                    codes(field.name for field in event.fields),
                )
                for event in LOG_EVENTS
            ),
        ),
    )
    yield (
        "log-fields",
        table(
            ("Field", "Unit", "Meaning", "Of"),
            (
                (
                    f"`{field.name}`",
                    field.unit,
                    field.meaning,
                    codes(event.name for event in LOG_EVENTS if field in event.fields),
                )
                for field in _unique(field for event in LOG_EVENTS for field in event.fields)
            ),
        ),
    )


def _unique(declarations: Iterable[_Declaration]) -> list[_Declaration]:
    return list(dict.fromkeys(declarations))
