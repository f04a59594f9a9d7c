"""The sampling decision."""

from collections.abc import Callable, Sequence
from secrets import randbits

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from service.protocol.trace import TraceContext

RandomBits = Callable[[int], int]
"""From a number of bits to a random number of that size."""


class Sampling:
    """Samples a share (0 to 1) of the traces.

    The decision for a trace that starts here depends on its id, so every downstream service makes the same. The trace
    id of a client is chosen by the client, which could have every trace exported; the decision is random there. A
    client that did not sample its own span is followed.
    """

    def __init__(self, ratio: float, random_bits: RandomBits = randbits) -> None:
        self._share = TraceIdRatioBased(ratio)
        self._random_bits = random_bits

    def samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        """Whether the spans of a trace are exported. ``trace_id`` in hexadecimal."""
        if parent is not None and not parent.sampled:
            return False
        number = int(trace_id, 16) if parent is None else self._random_bits(64)
        return number & TraceIdRatioBased.TRACE_ID_LIMIT < self._share.bound

    def sampler(self) -> Sampler:
        """The same rule for the spans that OpenTelemetry creates."""
        return ParentBased(root=self._share, remote_parent_sampled=_RandomSampler(self._share, self._random_bits))


class _RandomSampler(Sampler):
    """Samples a share of the traces regardless of their ids."""

    def __init__(self, share: TraceIdRatioBased, random_bits: RandomBits) -> None:
        self._share = share
        self._random_bits = random_bits

    def should_sample(  # noqa: PLR0913, PLR0917 - the signature of OpenTelemetry
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        return self._share.should_sample(parent_context, self._random_bits(64), name, kind, attributes, links)

    def get_description(self) -> str:
        return f"RandomSampler{{{self._share.rate}}}"
