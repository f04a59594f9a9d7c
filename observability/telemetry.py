"""The telemetry of one process, composed from its settings."""

from contextlib import AbstractContextManager
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from fastapi import FastAPI

from observability.dependencies import DependencyStates
from observability.exporters import Exporters
from observability.logs.event_logger import EventLogger
from observability.logs.log_sink import LogSink
from observability.metrics.metrics_sink import Metrics
from observability.metrics.worker_group import WorkerContext, WorkerGroup, worker_group
from observability.otlp.otel_settings import enabled_signals, load_dotenv_variables
from observability.recorder import FanOut, Sink
from observability.registry.metric_types import Signal
from observability.resource_attributes import INSTANCE_ID, load_resource_attributes
from service.protocol.trace import TraceContext
from service.settings import Settings

if TYPE_CHECKING:
    from observability.sentry.sentry_sink import SentrySink

_FLUSH_SECONDS = 2.0
"""The time that the exporters have at shutdown, all at once."""
_LOG_SECONDS = 0.5
"""The time that the last log lines have at shutdown."""


class Telemetry:
    """The recorder and its sinks. Created once in a process, before it serves."""

    def __init__(self, settings: Settings, worker: WorkerContext | None = None) -> None:
        """``worker`` is this one of several; without it this process is the only one."""
        load_dotenv_variables()
        attributes = load_resource_attributes(settings.railway_environment)
        instance = attributes[INSTANCE_ID]
        self.metrics = Metrics(settings, worker, attributes)
        self._exporters = Exporters(settings, attributes, self.metrics)
        logs = self._exporters.logs
        self._logger = EventLogger(
            settings.log_level,
            settings.log_format,
            self.metrics.count_log_record,
            partial(self.metrics.count_dropped, Signal.LOGS),
            instance=instance,
            export=None if logs is None else logs.write,
        )
        self.dependencies = DependencyStates(settings)
        sinks: list[Sink] = [self.metrics, LogSink(self._logger), self.dependencies]
        self._sentry = _create_sentry_sink(settings, instance, self.metrics)
        if self._sentry is not None:
            sinks.append(self._sentry)
        if self._exporters.tracing is not None:
            sinks.append(self._exporters.tracing.sink)
        self.recorder = FanOut(sinks, on_failure=self._sink_failed)

    def samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        """The sampling decision for a stream. Without a collector always true, so that every stream has exemplars."""
        tracing = self._exporters.tracing
        return tracing is None or tracing.sampling.samples(trace_id, parent)

    def instrument(self, app: FastAPI) -> None:
        """Trace the HTTP routes if a collector is configured."""
        if self._exporters.tracing is not None:
            self._exporters.tracing.instrument(app)

    def start(self) -> None:
        """Open the log, begin to export and answer other workers. To be called once the event loop runs."""
        self._logger.open()
        self.metrics.start()
        if self._exporters.metrics is not None:
            self._exporters.metrics.start()

    def flush(self) -> None:
        """Send what the exporters can send within 2 s; blocks for as long. The log stays open. In any thread."""
        exporters = [*self._exporters.created, *([self._sentry] if self._sentry else [])]
        # In parallel: an exporter whose receiver is unavailable uses all its time.
        threads = [Thread(target=part.close, args=[_FLUSH_SECONDS]) for part in exporters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """Write the last log lines; blocks for half a second at most."""
        self._logger.close(_LOG_SECONDS)

    def _sink_failed(self, sink: Sink, exception: Exception) -> None:
        self.metrics.count_sink_failure(sink)
        self._logger.log_sink_failure(sink, exception)


def check_telemetry_settings() -> None:
    """Raises ``SettingsError`` for what the telemetry of a worker would refuse, before there are workers."""
    load_dotenv_variables()
    load_resource_attributes(environment="")
    enabled_signals()


def share_metrics(settings: Settings) -> AbstractContextManager[WorkerGroup]:
    """The context in which workers share their metrics; entered by the process that starts them, before it does.

    Entering it raises ``MetricsDirectoryError``.
    """
    return worker_group(settings.metrics_dir or settings.data_dir / "metrics", settings.max_workers)


def _create_sentry_sink(settings: Settings, instance: str, metrics: Metrics) -> "SentrySink | None":
    if settings.sentry_dsn is None:
        return None
    from observability.sentry.sentry_sink import SentrySink  # noqa: PLC0415 - the SDK takes 50 ms and 4 MB

    return SentrySink(
        settings,
        instance,
        partial(metrics.count_dropped, Signal.ERRORS),
        partial(metrics.count_throttled, Signal.ERRORS),
    )
