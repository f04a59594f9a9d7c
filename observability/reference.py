"""docs/observability.md's tables, made from the declarations: ``python -m observability.reference`` writes them."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

from observability.registry.log_events import LOG_EVENTS
from observability.registry.metrics import METRICS, Histogram
from observability.registry.spans import SPANS

DOCUMENT = Path(__file__).parents[1] / "docs" / "observability.md"

_Row = tuple[str, ...]
_Thing = TypeVar("_Thing")


def with_tables(text: str) -> str:
    """The text with each table between its markers. Raises ``ValueError`` if a pair of them is not there."""
    for name, rows in _tables():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, begun, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not (begun and ended):
            raise ValueError(f"The document needs {begin.strip()} and {end} on lines of their own.")
        text = "".join((before, begun, *(f"| {' | '.join(row)} |\n" for row in rows), ended, after))
    return text


def _tables() -> Iterator[tuple[str, list[_Row]]]:
    """Each table by its marker."""
    yield (
        "metrics",
        _headed(
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
        _headed(
            ("Histogram", "Exemplars", "`le`"),
            (
                (f"`{metric.name}`", "yes" if metric.exemplar else "", _codes(metric.edges()))
                for metric in METRICS
                if isinstance(metric, Histogram)
            ),
        ),
    )
    yield (
        "spans",
        _headed(
            ("Span", "Kind", "Covers", "Attributes", "Events", "Links to"),
            (
                (
                    f"`{span.name}`",
                    span.kind.name.lower(),
                    span.covers,
                    _codes(attribute.name for attribute in span.attributes),
                    _codes(event.name for event in span.events),
                    span.links,
                )
                for span in SPANS
            ),
        ),
    )
    events = _once(event for span in SPANS for event in span.events)
    of_spans = (attribute for span in SPANS for attribute in span.attributes)
    of_events = (attribute for event in events for attribute in event.attributes)
    attributes = _once(chain(of_spans, of_events))
    yield (
        "span-events",
        _headed(
            ("Event", "When", "Attributes"),
            (
                (f"`{event.name}`", event.when, _codes(attribute.name for attribute in event.attributes))
                for event in events
            ),
        ),
    )
    yield (
        "attributes",
        _headed(
            ("Attribute", "Type", "Unit", "Meaning"),
            ((f"`{attribute.name}`", attribute.type, attribute.unit, attribute.meaning) for attribute in attributes),
        ),
    )
    yield (
        "log-events",
        _headed(
            ("Event", "Level", "When", "Message", "Fields"),
            (
                (
                    f"`{event.name}`",
                    event.level,
                    event.when,
                    f"`{event.message}`",
                    _codes(field.name for field in event.fields),
                )
                for event in LOG_EVENTS
            ),
        ),
    )
    yield (
        "log-fields",
        _headed(
            ("Field", "Unit", "Meaning", "Of"),
            (
                (
                    f"`{field.name}`",
                    field.unit,
                    field.meaning,
                    _codes(event.name for event in LOG_EVENTS if field in event.fields),
                )
                for field in _once(field for event in LOG_EVENTS for field in event.fields)
            ),
        ),
    )


def _headed(heads: _Row, rows: Iterable[_Row]) -> list[_Row]:
    return [heads, ("---",) * len(heads), *rows]


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _once(things: Iterable[_Thing]) -> list[_Thing]:
    return list(dict.fromkeys(things))


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text()))
