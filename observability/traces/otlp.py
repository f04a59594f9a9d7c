"""The way of spans to a collector: OTLP over HTTP, set up by OpenTelemetry's own variables, and never in the way.

Spans wait in a bounded queue for a thread that sends them. Whatever is lost, because the queue is full, the collector
does not answer or the process ends, is counted.
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
from observability.traces.http_spans import DeclaredOnly, trace_routes
from observability.traces.otel_settings import load_batching, sampling_ratio
from observability.traces.sampling import Sampling
from observability.traces.sink import TraceSink
from service import __version__


class Otlp:
    """All of tracing in one process, up to the thread that sends; made if ``otlp_wanted()``. Raises ``SettingsError``.

    ``on_dropped`` is told of spans that are lost, from any thread.
    """

    def __init__(self, environment: str, on_dropped: Callable[[int], None]) -> None:
        self.sampling = Sampling(sampling_ratio())
        batching = load_batching()
        self._account = _Account(batching.queue_spans, on_dropped)
        self._batches = BatchSpanProcessor(
            _CountedExporter(OTLPSpanExporter(), self._account),
            max_queue_size=batching.queue_spans,
            max_export_batch_size=batching.batch_spans,
            schedule_delay_millis=batching.delay_ms,
            meter_provider=NoOpMeterProvider(),
        )
        self._processor = _CountedProcessor(self._batches, self._account)
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
        provider.add_span_processor(DeclaredOnly(self._processor))
        trace_routes(app, provider)

    def close(self, seconds: float) -> None:
        """Send what waits; what has not been sent by then is lost, and counted. Blocks for as long."""
        # OpenTelemetry's own limit for this is 30 s and cannot be set; its thread does not keep the process alive.
        flush = Thread(target=self._batches.shutdown, name="otlp-flush", daemon=True)
        flush.start()
        flush.join(seconds)
        if lost := self._account.close():
            logging.getLogger(__name__).warning("%d spans did not reach the collector before the end", lost)


class _Account:
    """How many spans are on their way. Each is delivered, or counted as lost: once."""

    def __init__(self, limit: int, on_dropped: Callable[[int], None]) -> None:
        self._limit = limit
        self._on_dropped = on_dropped
        self._lock = Lock()
        self._under_way = 0
        self._closed = False

    def take(self) -> bool:
        """Whether there is room for one more."""
        with self._lock:
            taken = self._under_way < self._limit and not self._closed
            self._under_way += taken
        if not taken:
            self._on_dropped(1)
        return taken

    def settle(self, count: int, *, delivered: bool) -> None:
        with self._lock:
            if self._closed:  # all that was under way is counted already
                return
            self._under_way -= count
        if not delivered:
            self._on_dropped(count)

    def close(self) -> int:
        """Give up what is under way; how much that was."""
        with self._lock:
            lost, self._under_way, self._closed = self._under_way, 0, True
        if lost:
            self._on_dropped(lost)
        return lost


class _CountedProcessor(SpanProcessor):
    """Lets no more spans in than there is room for, so that the queue behind it never drops one in silence."""

    def __init__(self, batches: SpanProcessor, account: _Account) -> None:
        self._batches = batches
        self._account = account

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled and self._account.take():
            self._batches.on_end(span)


class _CountedExporter(SpanExporter):
    def __init__(self, exporter: SpanExporter, account: _Account) -> None:
        self._exporter = exporter
        self._account = account

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            self._account.settle(len(spans), delivered=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Resource(Resource):
    """Hashes once: the encoder asks for the hash with every span, and the original writes JSON for it."""

    def __init__(self, original: Resource) -> None:
        super().__init__(original.attributes, original.schema_url)
        self._hash = super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __hash__(self) -> int:
        return self._hash


def _resource(environment: str) -> Resource:
    ours: dict[str, Any] = {
        "service.name": "streaming-content-api",
        "service.version": __version__,
        "service.instance.id": str(uuid4()),
    }
    if environment:
        ours["deployment.environment.name"] = environment
    # Resource.create lets its argument win over the environment, so what the environment says is said again.
    return _Resource(Resource.create(ours | dict(OTELResourceDetector().detect().attributes)))
