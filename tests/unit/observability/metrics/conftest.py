"""Fixtures of the tests of metrics."""

import pytest

from observability.metrics.metrics_sink import Metrics
from service.settings import Settings
from tests.unit.observability.metrics.samples import POSTGRESQL, REDIS, TOKEN_KEYS


@pytest.fixture
def metrics() -> Metrics:
    """Metrics of a service with all optional dependencies."""
    return Metrics(Settings(memory_limit=2**30, redis_url=REDIS, database_url=POSTGRESQL, **TOKEN_KEYS))
