"""All telemetry of one process, put together from its settings."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from observability.dependencies import Dependencies
from observability.logs.logbook import Logbook
from observability.logs.sink import LogSink
from observability.metrics.sink import Metrics
from observability.metrics.slots import MetricsDirectoryError, claim, of_all_slots, prepared
from observability.recorder import FanOut, Sink
from observability.registry.log_events import METRICS_UNSHARED
from observability.registry.metrics import Signal
from observability.traces.otel_settings import (
    adopt_dotenv,
    check_variables_of_the_sdk,
    load_batching,
    otlp_wanted,
    sampling_ratio,
)
from service.protocol.trace import TraceContext
from service.settings import Settings

if TYPE_CHECKING:
    from observability.sentry.sink import SentrySink
    from observability.traces.otlp import Otlp

_FLUSH_SECONDS = 2.0
"""What waits for a back end may take so long at the end."""
_LOG_SECONDS = 0.5
"""What is left of the log may take so long at the end."""


class Telemetry:
    """The recorder and what stands behind it. Made once in a process, before it serves."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._unshared: MetricsDirectoryError | None = None
        shown = self._shown() if settings.max_workers > 1 else None
        self.metrics = Metrics(settings, shown)
        self._logbook = Logbook(
            settings.log_level, settings.log_format, self.metrics.log_record, partial(self.metrics.dropped, Signal.LOGS)
        )
        self.dependencies = Dependencies(settings)
        sinks: list[Sink] = [self.metrics, LogSink(self._logbook), self.dependencies]
        self._sentry = _sentry_sink(settings, partial(self.metrics.dropped, Signal.ERRORS))
        if self._sentry is not None:
            sinks.append(self._sentry)
        self._otlp = _otlp(settings, partial(self.metrics.dropped, Signal.TRACES))
        if self._otlp is not None:
            sinks.append(self._otlp.sink)
        self.recorder = FanOut(sinks, on_failure=self._sink_failed)

    def samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        """Whether the spans of a stream are kept. Without a collector "all", so that exemplars name every stream."""
        return self._otlp is None or self._otlp.sampling.samples(trace_id, parent)

    def instrument(self, app: FastAPI) -> None:
        """Trace the HTTP routes, if there is a collector for it."""
        if self._otlp is not None:
            self._otlp.instrument(app)

    def start(self) -> None:
        """In the process that serves, when its event loop runs."""
        self._logbook.open()
        if self._unshared is not None:
            self._logbook.say(METRICS_UNSHARED, reason=str(self._unshared))

    def flush(self) -> None:
        """Send off what back ends can take in 2 s, the last of all but the log; blocks for as long. In any thread."""
        back_ends = [part for part in (self._sentry, self._otlp) if part is not None]
        # Side by side: a back end that is dead takes all its time.
        endings = [Thread(target=part.close, args=[_FLUSH_SECONDS]) for part in back_ends]
        for ending in endings:
            ending.start()
        for ending in endings:
            ending.join()

    def close(self) -> None:
        """Write the last of the log; blocks for half a second at most."""
        self._logbook.close(_LOG_SECONDS)

    def _shown(self) -> CollectorRegistry:
        """The numbers of all workers, this one's among them if there is a place for them: a worker serves without."""
        directory = _metrics_directory(self._settings)
        try:
            claim(directory)
        except MetricsDirectoryError as error:
            self._unshared = error
        return of_all_slots(directory)

    def _sink_failed(self, sink: Sink, exception: Exception) -> None:
        self.metrics.sink_failed(sink)
        self._logbook.sink_failed(sink, exception)


def check_telemetry() -> None:
    """Raises ``SettingsError`` for what a worker's telemetry would refuse, before there are workers."""
    adopt_dotenv()
    if otlp_wanted():
        check_variables_of_the_sdk()
        load_batching()
        sampling_ratio()


def shared_metrics(settings: Settings) -> AbstractContextManager[None]:
    """For the process that starts workers, and before it does: while the context lasts, these share their metrics.

    Entering it raises ``MetricsDirectoryError``.
    """
    return prepared(_metrics_directory(settings), settings.max_workers, partial(Metrics, settings))


def _metrics_directory(settings: Settings) -> Path:
    return settings.metrics_dir or settings.data_dir / "metrics"


def _sentry_sink(settings: Settings, on_dropped: Callable[[int], None]) -> "SentrySink | None":
    if settings.sentry_dsn is None:
        return None
    from observability.sentry.sink import SentrySink  # noqa: PLC0415 - the SDK takes 50 ms and 4 MB, used or not

    return SentrySink(settings, on_dropped)


def _otlp(settings: Settings, on_dropped: Callable[[int], None]) -> "Otlp | None":
    adopt_dotenv()
    if not otlp_wanted():
        return None
    check_variables_of_the_sdk()
    from observability.traces.otlp import Otlp  # noqa: PLC0415 - the SDK takes 60 ms and 5 MB, used or not

    return Otlp(settings.railway_environment, on_dropped)
