"""Random ids."""

import secrets
from collections.abc import Callable

from service.protocol.trace import Trace, TraceContext


class RandomIds:
    """Ids of 128 random bits, in hex; a trace continues the trace of the client, if there is one.

    ``samples`` makes the sampling decision, from the trace id and the trace context of the client.
    """

    def __init__(self, samples: Callable[[str, TraceContext | None], bool]) -> None:
        self._samples = samples

    def new_id(self) -> str:
        return secrets.token_hex(16)

    def new_token(self) -> str:
        return secrets.token_urlsafe(32)

    def continue_trace(self, trace: Trace) -> Trace:
        parent = TraceContext(trace.trace_id, trace.span_id, trace.sampled)
        return Trace(trace.trace_id, secrets.token_hex(8), trace.sampled, parent)

    def new_trace(self, parent: TraceContext | None) -> Trace:
        trace_id = secrets.token_hex(16) if parent is None else parent.trace_id
        return Trace(trace_id, secrets.token_hex(8), self._samples(trace_id, parent), parent)
