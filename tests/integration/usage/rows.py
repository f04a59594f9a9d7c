"""Recording streams, and reading their rows where they are."""

from collections.abc import Callable
from pathlib import Path

import psycopg

from service.usage.sources import FileRows
from service.usage.spool import FILE_NAME
from service.usage.usage import Usage
from tests.integration.usage.recording import Recording
from tests.unit.usage.streams import whole

SECONDS = 10.0
"""For closing ``Usage``."""

StartUsage = Callable[..., tuple[Usage, Recording]]
"""The fixture ``start_usage``."""


def record(usage: Usage, *names: str) -> None:
    for name in names:
        for event in whole(name):
            usage.sink.record(event)


def in_file(folder: Path) -> list[str]:
    return [name for (name,) in FileRows(folder / FILE_NAME).select("SELECT stream_id FROM usage_streams", {})]


def in_database(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT stream_id FROM usage_streams").fetchall()]
