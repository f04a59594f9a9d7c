"""Back ends as fixtures. Those that every test may use run once per test process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.backends.alertmanager import Alertmanager
from tests.backends.kent import Kent
from tests.backends.nginx import Nginx
from tests.backends.otlp import OtlpReceiver
from tests.backends.postgres import Postgres
from tests.backends.prometheus import Prometheus
from tests.backends.redis import Redis
from tests.backends.webhook import WebhookReceiver

StartPrometheus = Callable[..., Prometheus]
StartAlertmanager = Callable[..., Alertmanager]
StartRedis = Callable[..., Redis]
StartPostgres = Callable[[], Postgres]
StartNginx = Callable[[str], Nginx]


@pytest.fixture
def start_prometheus(tmp_path: Path) -> Iterator[StartPrometheus]:
    """Starts a Prometheus with these targets: ``start_prometheus("127.0.0.1:8000", token="…")``."""
    with ExitStack() as endings:

        def start(*targets: str, **options: Any) -> Prometheus:  # noqa: ANN401 - those of the class
            prometheus = Prometheus(tmp_path, *targets, **options)
            endings.callback(prometheus.stop)
            return prometheus

        yield start


@pytest.fixture
def start_alertmanager(tmp_path: Path) -> Iterator[StartAlertmanager]:
    """Starts an Alertmanager with this configuration."""
    with ExitStack() as endings:

        def start(configuration: Mapping[str, Any]) -> Alertmanager:
            alertmanager = Alertmanager(tmp_path, configuration)
            endings.callback(alertmanager.stop)
            return alertmanager

        yield start


@pytest.fixture
def webhook() -> Iterator[WebhookReceiver]:
    """A receiver of Alertmanager's notifications."""
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def kent(tmp_path: Path) -> Iterator[Kent]:
    """A Sentry server without events."""
    running = Kent(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def otlp() -> Iterator[OtlpReceiver]:
    """An OTLP receiver without spans."""
    receiver = OtlpReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """The Redis behind ``redis``."""
    running = Redis(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture
def redis(shared_redis: Redis) -> Redis:
    """An empty Redis that the test must not stop, because all tests of the process share it."""
    with shared_redis.client() as client:
        client.flushall()
        client.script_flush()
    return shared_redis


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[StartRedis]:
    """Starts a Redis that the test may stop: ``start_redis("--maxmemory", "1mb")``."""
    with ExitStack() as endings:

        def start(*options: str) -> Redis:
            running = Redis(tmp_path, *options)
            endings.callback(running.stop)
            return running

        yield start


@pytest.fixture(scope="session")
def shared_postgres() -> Iterator[Postgres]:
    """The PostgreSQL behind ``database_url``."""
    running = Postgres()
    yield running
    running.remove()


@pytest.fixture
def database_url(shared_postgres: Postgres) -> str:
    """An empty database on a PostgreSQL that the test must not stop."""
    return shared_postgres.new_database()


@pytest.fixture
def start_postgres() -> Iterator[StartPostgres]:
    """Starts a PostgreSQL that the test may stop."""
    with ExitStack() as endings:

        def start() -> Postgres:
            running = Postgres()
            endings.callback(running.remove)
            return running

        yield start


@pytest.fixture
def start_nginx(tmp_path: Path) -> Iterator[StartNginx]:
    """Starts an nginx with this site."""
    with ExitStack() as endings:

        def start(site: str) -> Nginx:
            running = Nginx(tmp_path, site)
            endings.callback(running.stop)
            return running

        yield start
