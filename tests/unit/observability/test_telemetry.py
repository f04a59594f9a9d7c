"""The telemetry of a process: its end waits for no receiver."""

import threading

import pytest
from pydantic import SecretStr

from observability.logs.log_export import LogExport
from observability.metrics.metric_export import MetricExport
from observability.sentry.sentry_sink import SentrySink
from observability.telemetry import Telemetry
from observability.traces.tracing import Tracing
from service.settings import Settings
from tests.waiting import LIMIT_SECONDS


def test_flush_gives_every_exporter_two_seconds_in_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    exporters = (Tracing, MetricExport, LogExport, SentrySink)
    all_started = threading.Barrier(len(exporters), timeout=LIMIT_SECONDS)
    limits: list[float] = []

    def close(_exporter: object, seconds: float) -> None:
        all_started.wait()
        limits.append(seconds)

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    for exporter in exporters:
        monkeypatch.setattr(exporter, "close", close)
    telemetry = Telemetry(Settings(sentry_dsn=SecretStr("http://public@127.0.0.1:9/1")))
    telemetry.flush()
    assert limits == [2.0] * len(exporters)
