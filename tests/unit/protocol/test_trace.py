"""Which trace contexts of clients are valid."""

import pytest
from msgspec import UNSET

from service.protocol.trace import TraceContext, TraceHeaders, parse_trace_context

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_valid_context_has_its_ids_its_sampling_and_its_state() -> None:
    assert parse_trace_context(TraceHeaders(TRACEPARENT, "a=1")) == TraceContext(
        "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True, tracestate="a=1"
    )


def test_an_absent_context_is_none() -> None:
    assert parse_trace_context(UNSET) is None


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        TRACEPARENT.upper(),
        "ff" + TRACEPARENT[2:],
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        TRACEPARENT + "\n",
        TRACEPARENT + "-extra",
    ],
)
def test_an_invalid_traceparent_is_ignored(traceparent: str) -> None:
    assert parse_trace_context(TraceHeaders(traceparent)) is None


@pytest.mark.parametrize("tracestate", ["x" * 513, "a=\n", "a=ä"])
def test_a_tracestate_that_is_too_long_or_not_printable_is_ignored(tracestate: str) -> None:
    context = parse_trace_context(TraceHeaders(TRACEPARENT, tracestate))
    assert context is not None
    assert context.tracestate == ""
