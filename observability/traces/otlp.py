"""The export of spans to a collector: OTLP over HTTP, configured by the variables of OpenTelemetry.

Spans wait in a bounded queue for a thread that sends them. Spans that are lost, because the queue is full, the
collector does not respond or the process ends, are counted.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from observability.traces.finished_spans import FinishedSpans
from observability.traces.http_spans import DeclaredAttributes, trace_routes
from observability.traces.otel_settings import load_batch_settings, load_sampling_ratio
from observability.traces.sampling import Sampling
from observability.traces.trace_sink import TraceSink
from service import __version__


class Otlp:
    """The tracing of one process, created if ``otlp_enabled()``. Raises ``SettingsError``.

    ``on_dropped`` receives the number of lost spans, from any thread.
    """

    def __init__(self, environment: str, on_dropped: Callable[[int], None]) -> None:
        self.sampling = Sampling(load_sampling_ratio())
        batching = load_batch_settings()
        self._count = _SpanCount(batching.queue_spans, on_dropped)
        self._batches = BatchSpanProcessor(
            _CountedExporter(OTLPSpanExporter(), self._count),
            max_queue_size=batching.queue_spans,
            max_export_batch_size=batching.batch_spans,
            schedule_delay_millis=batching.delay_ms,
            meter_provider=NoOpMeterProvider(),
        )
        self._processor = _CountedProcessor(self._batches, self._count)
        self._resource = _resource(environment)
        self.sink = TraceSink(FinishedSpans(self._processor, self._resource), self.sampling.samples)

    def instrument(self, app: FastAPI) -> None:
        """Trace the HTTP routes."""
        provider = TracerProvider(
            sampler=self.sampling.sampler(),
            resource=self._resource,
            shutdown_on_exit=False,  # it would wait for 30 s
            meter_provider=NoOpMeterProvider(),
        )
        provider.add_span_processor(DeclaredAttributes(self._processor))
        trace_routes(app, provider)

    def close(self, seconds: float) -> None:
        """Send the queued spans for at most this long; the rest is lost and counted. Blocks for as long."""
        # The limit of OpenTelemetry is 30 s and cannot be configured; its thread does not keep the process alive.
        flush = Thread(target=self._batches.shutdown, name="otlp-flush", daemon=True)
        flush.start()
        flush.join(seconds)
        if lost := self._count.close():
            logging.getLogger(__name__).warning("%d spans were lost at shutdown", lost)


class _SpanCount:
    """The number of spans between creation and export. Each is either delivered or counted as lost, once."""

    def __init__(self, limit: int, on_dropped: Callable[[int], None]) -> None:
        self._limit = limit
        self._on_dropped = on_dropped
        self._lock = Lock()
        self._pending = 0
        self._closed = False

    def add(self) -> bool:
        """Whether the queue has room for one more, which then counts as pending."""
        with self._lock:
            added = self._pending < self._limit and not self._closed
            self._pending += added
        if not added:
            self._on_dropped(1)
        return added

    def remove(self, count: int, *, delivered: bool) -> None:
        with self._lock:
            if self._closed:  # all pending spans have been counted as lost
                return
            self._pending -= count
        if not delivered:
            self._on_dropped(count)

    def close(self) -> int:
        """Count all pending spans as lost and return their number."""
        with self._lock:
            lost, self._pending, self._closed = self._pending, 0, True
        if lost:
            self._on_dropped(lost)
        return lost


class _CountedProcessor(SpanProcessor):
    """Limits the spans to the size of the queue, so that the queue never drops one uncounted."""

    def __init__(self, batches: SpanProcessor, count: _SpanCount) -> None:
        self._batches = batches
        self._count = count

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled and self._count.add():
            self._batches.on_end(span)


class _CountedExporter(SpanExporter):
    def __init__(self, exporter: SpanExporter, count: _SpanCount) -> None:
        self._exporter = exporter
        self._count = count

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            self._count.remove(len(spans), delivered=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Resource(Resource):
    """Computes its hash once: the encoder uses it for every span, and the original serialises JSON each time."""

    def __init__(self, original: Resource) -> None:
        super().__init__(original.attributes, original.schema_url)
        self._hash = super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __hash__(self) -> int:
        return self._hash


def _resource(environment: str) -> Resource:
    attributes: dict[str, Any] = {
        "service.name": "streaming-content-api",
        "service.version": __version__,
        "service.instance.id": str(uuid4()),
    }
    if environment:
        attributes["deployment.environment.name"] = environment
    # Resource.create prefers its argument to the environment, so the attributes of the environment are added again.
    return _Resource(Resource.create(attributes | dict(OTELResourceDetector().detect().attributes)))
