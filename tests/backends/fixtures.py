"""The back ends of a test, ended with it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.backends.alertmanager import Alertmanager
from tests.backends.kent import Kent
from tests.backends.otlp import OtlpReceiver
from tests.backends.prometheus import Prometheus
from tests.backends.webhook import WebhookReceiver

StartPrometheus = Callable[..., Prometheus]
StartAlertmanager = Callable[..., Alertmanager]


@pytest.fixture
def start_prometheus(tmp_path: Path) -> Iterator[StartPrometheus]:
    """Starts a Prometheus that scrapes: ``start_prometheus("127.0.0.1:8000", token="…")``."""
    with ExitStack() as endings:

        def start(*targets: str, **options: Any) -> Prometheus:  # noqa: ANN401 - those of Prometheus
            prometheus = Prometheus(tmp_path, *targets, **options)
            endings.callback(prometheus.stop)
            return prometheus

        yield start


@pytest.fixture
def start_alertmanager(tmp_path: Path) -> Iterator[StartAlertmanager]:
    """Starts an Alertmanager with the configuration given."""
    with ExitStack() as endings:

        def start(configuration: Mapping[str, Any]) -> Alertmanager:
            alertmanager = Alertmanager(tmp_path, configuration)
            endings.callback(alertmanager.stop)
            return alertmanager

        yield start


@pytest.fixture
def webhook() -> Iterator[WebhookReceiver]:
    """Whom Alertmanager tells."""
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def kent(tmp_path: Path) -> Iterator[Kent]:
    """A Sentry of the test's own."""
    running = Kent(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def otlp() -> Iterator[OtlpReceiver]:
    """A collector of the test's own."""
    receiver = OtlpReceiver()
    yield receiver
    receiver.stop()
