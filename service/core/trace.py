"""W3C Trace Context as a client may send it in a message.

Source: https://www.w3.org/TR/trace-context/
"""

import re

import msgspec

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace_id>[0-9a-f]{32})-(?P<span_id>[0-9a-f]{16})-[0-9a-f]{2}")
_TRACESTATE_CHARACTERS = 512


class TraceContext(msgspec.Struct, frozen=True):
    """A valid remote parent: lower-case hex ids, none of them zero."""

    traceparent: str
    trace_id: str
    tracestate: str = ""


def parse_trace_context(traceparent: str, tracestate: str = "") -> TraceContext | None:
    """The context, or ``None`` if it does not follow the specification.

    A wrong trace context never fails a request: the trace starts anew, as the specification asks.
    """
    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None or not match["trace_id"].strip("0") or not match["span_id"].strip("0"):
        return None
    if len(tracestate) > _TRACESTATE_CHARACTERS or not tracestate.isascii() or not tracestate.isprintable():
        tracestate = ""
    return TraceContext(traceparent, match["trace_id"], tracestate)
