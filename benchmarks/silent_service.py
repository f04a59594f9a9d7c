"""The service without telemetry: its recorder has no sinks. ``python -m benchmarks.silent_service``."""

import sys

from fastapi import FastAPI

from observability.dependencies import Dependencies
from observability.metrics.sink import Metrics
from observability.recorder import FanOut
from observability.telemetry import Telemetry
from service.app import create_app as create_service
from service.process.server import run
from service.protocol.trace import TraceContext
from service.settings import Settings, load_settings


class Silence(Telemetry):
    """Records nothing. What a scrape would show is there, and stays at 0."""

    def __init__(self, settings: Settings) -> None:
        self.metrics = Metrics(settings)
        self.dependencies = Dependencies(settings)
        self.recorder = FanOut([], on_failure=self._sink_failed)

    def samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        return False

    def instrument(self, app: FastAPI) -> None: ...

    def start(self) -> None: ...

    def close(self) -> None: ...


def create_app() -> FastAPI:
    settings = load_settings()
    return create_service(settings, telemetry=Silence(settings))


if __name__ == "__main__":
    sys.exit(run("benchmarks.silent_service:create_app", load_settings()))
