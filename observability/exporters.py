"""The exporters of one process, for the signals for which a collector is configured."""

# ruff: noqa: PLC0415 - only an enabled signal imports its part of the SDK: 60 ms and 5 MB for all

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from observability.metrics.metrics_sink import Metrics
from observability.otlp.otel_settings import OtlpSignal, enabled_signals
from observability.registry.metric_types import Signal
from service.settings import Settings

if TYPE_CHECKING:
    from observability.logs.log_export import LogExport
    from observability.metrics.metric_export import MetricExport
    from observability.traces.tracing import Tracing


class Exporters:
    """Each is ``None`` unless its signal is enabled. What is lost is counted in ``metrics``.

    Raises ``SettingsError``.
    """

    def __init__(self, settings: Settings, resource_attributes: Mapping[str, str], metrics: Metrics) -> None:
        self.tracing: Tracing | None = None
        self.metrics: MetricExport | None = None
        self.logs: LogExport | None = None
        signals = enabled_signals()
        if not signals:
            return
        from observability.otlp.resource import create_resource

        resource = create_resource(resource_attributes)
        if OtlpSignal.TRACES in signals:
            from observability.traces import tracing

            self.tracing = tracing.Tracing(settings, resource, partial(metrics.count_dropped, Signal.TRACES))
        if OtlpSignal.METRICS in signals:
            from observability.metrics import metric_export

            on_dropped = partial(metrics.count_dropped, Signal.METRICS)
            self.metrics = metric_export.MetricExport(metrics.collect, resource, on_dropped)
        if OtlpSignal.LOGS in signals:
            from observability.logs import log_export

            self.logs = log_export.LogExport(resource, partial(metrics.count_dropped, Signal.OTLP_LOGS))

    @property
    def created(self) -> "list[Tracing | MetricExport | LogExport]":
        return [exporter for exporter in (self.tracing, self.metrics, self.logs) if exporter is not None]
