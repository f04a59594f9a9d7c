"""Which traces are kept: a share of them."""

from collections.abc import Callable, Sequence
from secrets import randbits

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from service.protocol.trace import TraceContext

Lot = Callable[[int], int]
"""From a number of bits to a random number of so many."""


class Sampling:
    """Keeps a share (0 to 1) of the traces.

    Of traces that begin here those whose ids are in a fixed share of all ids, so that every service behind this one
    keeps the same. The id of a client's trace is the client's choice, so a lot of ours decides: otherwise whoever can
    connect could have everything kept. A client that did not sample its own span is followed.
    """

    def __init__(self, ratio: float, lot: Lot = randbits) -> None:
        self._share = TraceIdRatioBased(ratio)
        self._lot = lot

    def samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        """Whether a trace is kept. ``trace_id`` in hex."""
        if parent is not None and not parent.sampled:
            return False
        number = int(trace_id, 16) if parent is None else self._lot(64)
        return number & TraceIdRatioBased.TRACE_ID_LIMIT < self._share.bound

    def sampler(self) -> Sampler:
        """The same rule for the spans that OpenTelemetry makes."""
        return ParentBased(root=self._share, remote_parent_sampled=_ByLot(self._share, self._lot))


class _ByLot(Sampler):
    """A share of the traces, whatever their ids are."""

    def __init__(self, share: TraceIdRatioBased, lot: Lot) -> None:
        self._share = share
        self._lot = lot

    def should_sample(  # noqa: PLR0913, PLR0917 - OpenTelemetry's signature
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        return self._share.should_sample(parent_context, self._lot(64), name, kind, attributes, links)

    def get_description(self) -> str:
        return f"ByLot{{{self._share.rate}}}"
