"""Traces in the form that the core needs: W3C Trace Context of a client, and the root span of a stream.

Source: https://www.w3.org/TR/trace-context/
"""

import re
from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from service.protocol.fields import doc

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace_id>[0-9a-f]{32})-(?P<span_id>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
_TRACESTATE_CHARACTERS = 512
_SAMPLED = 1


class TraceHeaders(Struct, frozen=True):
    """A W3C trace context, as a client sends it."""

    traceparent: Annotated[str, doc("The `traceparent` of W3C Trace Context; ignored if invalid.")] = ""
    tracestate: Annotated[str, doc("The `tracestate` of W3C Trace Context; ignored if invalid.")] = ""


class TraceContext(Struct, frozen=True):
    """A valid remote parent: lower-case hex ids, none of them zero."""

    trace_id: str
    span_id: str
    sampled: bool
    """Whether the client samples its own span; without it, the stream is not sampled either."""
    tracestate: str = ""


class Trace(Struct, frozen=True):
    """The root span of one stream, whose ids exist before the content is prepared."""

    trace_id: str
    span_id: str
    sampled: bool
    parent: TraceContext | None = None


def parse_trace_context(headers: TraceHeaders | UnsetType) -> TraceContext | None:
    """The context, or ``None`` if it is absent or invalid.

    An invalid trace context never fails a request: the stream starts a new trace, as the specification requires.
    """
    if headers is UNSET:
        return None
    match = _TRACEPARENT.fullmatch(headers.traceparent)
    if match is None or not match["trace_id"].strip("0") or not match["span_id"].strip("0"):
        return None
    tracestate = headers.tracestate
    if len(tracestate) > _TRACESTATE_CHARACTERS or not tracestate.isascii() or not tracestate.isprintable():
        tracestate = ""
    return TraceContext(match["trace_id"], match["span_id"], bool(int(match["flags"], 16) & _SAMPLED), tracestate)
