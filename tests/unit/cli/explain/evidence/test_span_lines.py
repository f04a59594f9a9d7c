"""Spans of the file exporter of a collector and of Tempo."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.explain.evidence.span_lines import Span, SpanEvent, parse_spans

TRACE, SPAN, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
RECORD: dict[str, Any] = {
    "traceId": TRACE,
    "spanId": SPAN,
    "parentSpanId": PARENT,
    "name": "stream",
    "kind": 2,
    "startTimeUnixNano": "1790000000250000000",
    "endTimeUnixNano": "1790000001500000000",
    "attributes": [
        {"key": "stream.id", "value": {"stringValue": "s-1"}},
        {"key": "stream.number", "value": {"intValue": "5"}},
        {"key": "stream.adaptive", "value": {"boolValue": True}},
    ],
    "events": [{"name": "first_chunk", "timeUnixNano": "1790000000500000000"}],
    "status": {"code": 2},
}
EXPECTED = Span(
    "stream",
    TRACE,
    SPAN,
    PARENT,
    1790000000.25,
    1790000001.5,
    {"stream.id": "s-1", "stream.number": 5, "stream.adaptive": True},
    (SpanEvent("first_chunk", 1790000000.5, {}),),
    failed=True,
)


def otlp(*records: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": records}]}]}).encode()


def in_base64(record: dict[str, Any]) -> dict[str, Any]:
    """The ids as protobuf writes them in JSON."""
    ids = ("traceId", "spanId", "parentSpanId")
    return record | {name: base64.b64encode(bytes.fromhex(record[name])).decode() for name in ids}


def test_a_line_of_the_file_exporter() -> None:
    assert parse_spans(otlp(RECORD, RECORD)) == [EXPECTED, EXPECTED]


@pytest.mark.parametrize("name", ["trace", "batches"])
def test_a_response_of_tempo(name: str) -> None:
    record = in_base64(RECORD) | {"kind": "SPAN_KIND_SERVER", "status": {"code": "STATUS_CODE_ERROR"}}
    spans = json.loads(otlp(record))
    body = {"trace": spans} if name == "trace" else {"batches": spans["resourceSpans"]}
    assert parse_spans(json.dumps(body).encode()) == [EXPECTED]


def test_a_span_needs_only_ids_a_name_and_times() -> None:
    few = {name: RECORD[name] for name in ("traceId", "spanId", "name", "startTimeUnixNano", "endTimeUnixNano")}
    [span] = parse_spans(otlp(few)) or []
    assert (span.parent_id, span.attributes, span.events, span.failed) == ("", {}, (), False)
    assert span.seconds == 1.25


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"resourceSpans": 7}', otlp({"name": "no ids"}), b"\xff{"])
def test_what_is_no_otlp_is_skipped(text: bytes) -> None:
    assert parse_spans(text) is None


@given(st.binary(max_size=20), st.integers(0, 900), st.integers(0, 900))
def test_damaged_lines_raise_nothing(damage: bytes, begin: int, end: int) -> None:
    text = otlp(RECORD)
    found = parse_spans(text[:begin] + damage + text[end:])
    assert found is None or all(isinstance(span, Span) for span in found)
