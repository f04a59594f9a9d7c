"""``Usage`` in the process of the test, and a database with the tables."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.usage.migrate import migrate
from service.usage.usage import Usage
from tests.integration.usage.recording import Recording
from tests.integration.usage.rows import SECONDS, StartUsage


@pytest.fixture
def start_usage(tmp_path: Path) -> Iterator[StartUsage]:
    """Starts ``Usage`` in this process: ``start_usage(database_url)``."""
    with ExitStack() as endings:

        def start(database_url: str | None = None, data_dir: Path = tmp_path) -> tuple[Usage, Recording]:
            recording = Recording()
            usage = Usage(
                data_dir=data_dir,
                database_url=database_url,
                retention_days=90,
                session_seconds=3600.0,
                version="1.2.3",
                recorder=recording,
            )
            usage.start()
            endings.callback(usage.close, SECONDS)
            return usage, recording

        yield start


@pytest.fixture
def migrated_url(database_url: str) -> str:
    migrate(database_url)
    return database_url
