"""The export of metrics to a collector, beside the scrapes."""

import logging
import time
from collections.abc import Callable, Iterable

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, ResourceMetrics, ScopeMetrics
from opentelemetry.sdk.resources import Resource
from prometheus_client.metrics_core import Metric as Family

from observability.metrics.exposition import short_switch_interval
from observability.metrics.metric_data import to_metrics
from observability.otlp.otel_settings import load_metric_interval
from observability.otlp.resource import SCOPE
from service.process.background_worker import BackgroundWorker


class MetricExport:
    """Exports what ``collect`` returns, regularly and when it is closed. Created if a collector is configured.

    ``on_dropped`` is called, in any thread, for each export that did not arrive; as counters are cumulative, the next
    one has what it lacked. Raises ``SettingsError``.
    """

    def __init__(
        self, collect: Callable[[], Iterable[Family]], resource: Resource, on_dropped: Callable[[int], None]
    ) -> None:
        self._collect = collect
        self._resource = resource
        self._on_dropped = on_dropped
        self._start_ns = time.time_ns()
        self._interval_seconds = load_metric_interval()
        self._exporter = OTLPMetricExporter()
        self._worker = BackgroundWorker[None](
            "otlp metrics",
            periodic=self._export_regularly,
            periodic_delay_seconds=self._interval_seconds,
            finish=self._export,
        )

    def start(self) -> None:
        """Begin. Not before the log is open, which has the reasons of failures."""
        self._worker.start()

    def close(self, seconds: float) -> None:
        """Export the last values, for at most this long. Blocks for as long."""
        if not self._worker.close(seconds):
            self._on_dropped(1)

    # In the thread

    def _export_regularly(self) -> float:
        self._export()
        return self._interval_seconds

    def _export(self) -> None:
        try:
            exported = self._exporter.export(self._data()) is MetricExportResult.SUCCESS
        except Exception:
            logging.getLogger(__name__).exception("metrics were not exported")
            exported = False
        if not exported and not self._worker.abandoned:
            self._on_dropped(1)

    def _data(self) -> MetricsData:
        with short_switch_interval():
            metrics = to_metrics(self._collect(), self._start_ns, time.time_ns())
        scope = ScopeMetrics(SCOPE, metrics, SCOPE.schema_url or "")
        return MetricsData([ResourceMetrics(self._resource, [scope], self._resource.schema_url)])
