"""The service with a part left out: ``python -m benchmarks.service_variants without_telemetry|without_store``."""

import sys

from fastapi import FastAPI

from observability.dependencies import DependencyStates
from observability.metrics.metrics_sink import Metrics
from observability.recorder import FanOut
from observability.telemetry import Telemetry
from service.app import create_app
from service.process.server import run
from service.protocol.trace import TraceContext
from service.settings import Settings, load_settings
from service.stores.sqlite.store import SqliteSessionStore


class NoTelemetry(Telemetry):
    """A recorder without sinks. A scrape returns all metrics at 0."""

    def __init__(self, settings: Settings) -> None:
        self.metrics = Metrics(settings)
        self.dependencies = DependencyStates(settings)
        self.recorder = FanOut([], on_failure=self._sink_failed)

    def samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        return False

    def instrument(self, app: FastAPI) -> None: ...

    def start(self) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


def without_telemetry() -> FastAPI:
    settings = load_settings()
    return create_app(settings, telemetry=NoTelemetry(settings))


def without_store() -> FastAPI:
    """Requests are counted in memory. With ``STORE_CONTENT=off`` nothing of a stream is stored."""
    settings = load_settings()
    return create_app(settings, store=SqliteSessionStore(None, settings.limits, settings.resume_ttl))


if __name__ == "__main__":
    sys.exit(run(f"benchmarks.service_variants:{sys.argv[1]}", load_settings()))
