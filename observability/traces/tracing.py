"""The traces of one process and their export to a collector."""

from collections.abc import Callable, Sequence

from fastapi import FastAPI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult

from observability.otlp.export_queue import ExportQueue
from observability.otlp.otel_settings import OtlpSignal, load_batch_settings, load_sampling_ratio
from observability.traces.data_systems import data_systems
from observability.traces.finished_spans import FinishedSpans
from observability.traces.http_spans import DeclaredAttributes, trace_routes
from observability.traces.sampling import Sampling
from observability.traces.trace_sink import TraceSink
from service.settings import Settings


class Tracing:
    """Created if a collector for traces is configured. Raises ``SettingsError``.

    ``on_dropped`` receives the number of lost spans, from any thread.
    """

    def __init__(self, settings: Settings, resource: Resource, on_dropped: Callable[[int], None]) -> None:
        self.sampling = Sampling(load_sampling_ratio())
        self._resource = resource
        self._exporter = OTLPSpanExporter()
        self._queue = ExportQueue[ReadableSpan](
            "spans", self._export, load_batch_settings(OtlpSignal.TRACES), on_dropped
        )
        self._processor = _QueueingProcessor(self._queue)
        finished = FinishedSpans(self._processor, resource)
        self.sink = TraceSink(finished, self.sampling.samples, data_systems(settings))

    def instrument(self, app: FastAPI) -> None:
        """Trace the HTTP routes."""
        provider = TracerProvider(
            sampler=self.sampling.sampler(),
            resource=self._resource,
            shutdown_on_exit=False,  # the queue is closed instead
            meter_provider=NoOpMeterProvider(),
        )
        provider.add_span_processor(DeclaredAttributes(self._processor))
        trace_routes(app, provider)

    def close(self, seconds: float) -> None:
        """Send the queued spans for at most this long; the rest is lost and counted. Blocks for as long."""
        self._queue.close(seconds)

    def _export(self, spans: Sequence[ReadableSpan]) -> bool:
        return self._exporter.export(spans) is SpanExportResult.SUCCESS


class _QueueingProcessor(SpanProcessor):
    """Puts sampled spans into the queue."""

    def __init__(self, queue: ExportQueue[ReadableSpan]) -> None:
        self._queue = queue

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self._queue.put(span)
