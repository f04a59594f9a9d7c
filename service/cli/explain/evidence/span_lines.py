"""Spans of OTLP in JSON, as the file exporter of a collector and Tempo write them."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

_RESOURCES = ("resourceSpans", "batches")
"""OTLP, and Tempo's name for it."""
_SCOPES = ("scopeSpans", "instrumentationLibrarySpans")
_HEX_LENGTHS = (16, 32)
_ERROR = (2, "STATUS_CODE_ERROR")

_decode = msgspec.json.Decoder().decode


class SpanEvent(Struct, frozen=True):
    name: str
    at: float
    attributes: Mapping[str, object]


class Span(Struct, frozen=True):
    """One span. Times are seconds of the epoch, ids are in hex."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    start: float
    end: float
    attributes: Mapping[str, object] = {}
    events: tuple[SpanEvent, ...] = ()
    failed: bool = False

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def text(self, attribute: str) -> str:
        """An attribute as text; empty if it is absent."""
        value = self.attributes.get(attribute)
        return "" if value is None else str(value)


def parse_spans(text: bytes) -> list[Span] | None:
    """The spans of one line or one response; ``None`` for what is no OTLP."""
    try:
        found = _decode(text)
        return None if not isinstance(found, dict) else list(_spans(found))
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, AttributeError, Base64Error):
        return None


def _spans(found: dict[str, Any]) -> Iterator[Span]:
    traces = found.get("trace", found)
    [resources] = (traces[name] for name in _RESOURCES if name in traces)
    for of_resource in resources:
        for of_scope in next((of_resource[name] for name in _SCOPES if name in of_resource), ()):
            for span in of_scope.get("spans", ()):
                yield _span(span)


def _span(span: dict[str, Any]) -> Span:
    return Span(
        name=str(span["name"]),
        trace_id=_id(span["traceId"]),
        span_id=_id(span["spanId"]),
        parent_id=_id(span.get("parentSpanId", "")),
        start=_time(span["startTimeUnixNano"]),
        end=_time(span["endTimeUnixNano"]),
        attributes=_attributes(span),
        events=tuple(
            SpanEvent(str(event["name"]), _time(event["timeUnixNano"]), _attributes(event))
            for event in span.get("events", ())
        ),
        failed=span.get("status", {}).get("code") in _ERROR,
    )


def _attributes(holder: dict[str, Any]) -> dict[str, object]:
    return {pair["key"]: _value(pair.get("value", {})) for pair in holder.get("attributes", ())}


def _value(value: dict[str, Any]) -> object:
    kind, content = next(iter(value.items()), ("stringValue", ""))
    return int(content) if kind == "intValue" else content  # OTLP writes 64-bit integers as text


def _time(nanoseconds: str | int) -> float:
    """Seconds to the microsecond: a float has no more digits."""
    return int(nanoseconds) // 1000 / 1e6


def _id(text: str) -> str:
    """Hex; Tempo writes Base64, as protobuf does."""
    return text.lower() if len(text) in (0, *_HEX_LENGTHS) else b64decode(text).hex()
