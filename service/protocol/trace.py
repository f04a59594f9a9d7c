"""Traces, as far as the core knows of them: W3C Trace Context from clients, and where a stream stands in its trace.

Source: https://www.w3.org/TR/trace-context/
"""

import re

from msgspec import Struct

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace_id>[0-9a-f]{32})-(?P<span_id>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
_TRACESTATE_CHARACTERS = 512
_SAMPLED = 1


class TraceContext(Struct, frozen=True):
    """A valid remote parent: lower-case hex ids, none of them zero."""

    trace_id: str
    span_id: str
    sampled: bool
    """What the client says of its own span; it may keep ours from being sampled, but cannot ask for it."""
    tracestate: str = ""


class Trace(Struct, frozen=True):
    """The root span of one stream, which has an identity before anything is known of its length."""

    trace_id: str
    span_id: str
    sampled: bool
    parent: TraceContext | None = None


def parse_trace_context(traceparent: str, tracestate: str = "") -> TraceContext | None:
    """The context, or ``None`` if it does not follow the specification.

    A wrong trace context never fails a request: the trace starts anew, as the specification asks.
    """
    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None or not match["trace_id"].strip("0") or not match["span_id"].strip("0"):
        return None
    if len(tracestate) > _TRACESTATE_CHARACTERS or not tracestate.isascii() or not tracestate.isprintable():
        tracestate = ""
    return TraceContext(match["trace_id"], match["span_id"], bool(int(match["flags"], 16) & _SAMPLED), tracestate)
