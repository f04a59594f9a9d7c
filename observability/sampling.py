"""Which traces are kept: a share of them, the same ones in every service that the trace passes."""

from msgspec import Struct
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased

from service.core.trace import TraceContext


class Sampling(Struct, frozen=True):
    """Keeps the traces whose ids are in a fixed share (0 to 1) of all ids.

    A client that did not sample its own span is followed; one that did gets no more than the share: otherwise whoever
    can connect could have everything kept.
    """

    ratio: float

    def samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        """Whether a trace is kept. ``trace_id`` in hex."""
        if parent is not None and not parent.sampled:
            return False
        limit = TraceIdRatioBased.TRACE_ID_LIMIT
        return int(trace_id, 16) & limit < TraceIdRatioBased.get_bound_for_rate(self.ratio)

    def sampler(self) -> Sampler:
        """The same rule for the spans that OpenTelemetry makes."""
        share = TraceIdRatioBased(self.ratio)
        return ParentBased(root=share, remote_parent_sampled=share)
