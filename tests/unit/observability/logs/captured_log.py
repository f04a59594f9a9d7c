"""A log in a file, for tests of what is written."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from observability.logs.event_logger import EventLogger, LogFormat
from observability.logs.log_sink import LogSink
from observability.registry.log_types import LogLevel
from service.events import Event
from tests.conftest import LogLine
from tests.waiting import LIMIT_SECONDS


class CapturedLog:
    """An event logger that writes to a file. Its clock stands still unless a test moves ``now``."""

    def __init__(self, path: Path, level: str, log_format: LogFormat) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        self.now = 0.0
        self.levels: list[LogLevel] = []
        self.lost = 0
        self.logger = EventLogger(
            level,
            log_format,
            self.levels.append,
            self._lose,
            instance="i-1",
            descriptor=self._descriptor,
            clock=lambda: self.now,
        )
        self.logger.open()
        self.sink = LogSink(self.logger)

    def record(self, *events: Event) -> list[LogLine]:
        """Record the events, close the log, and return all its lines."""
        self.record_all(events)
        return [json.loads(line) for line in self.text().splitlines()]

    def record_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self.sink.record(event)

    def text(self) -> str:
        """Close the log and return what it contains."""
        self.logger.close(LIMIT_SECONDS)
        return self._path.read_text()

    def close(self) -> None:
        self.logger.close(LIMIT_SECONDS)
        os.close(self._descriptor)

    def _lose(self, count: int) -> None:
        self.lost += count


OpenLog = Callable[..., CapturedLog]
"""``open_log(level, log_format)``."""
