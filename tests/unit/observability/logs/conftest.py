"""Fixtures of the tests of logs."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from observability.logs.event_logger import LogFormat
from tests.unit.observability.logs.captured_log import CapturedLog, OpenLog


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Removes the handlers that an event logger installs for the whole process."""
    yield
    logger.remove()
    logging.basicConfig(handlers=[], force=True)
    logging.captureWarnings(capture=False)


@pytest.fixture
def open_log(tmp_path: Path, restored_logging: None) -> Iterator[OpenLog]:  # noqa: ARG001 - it is torn down last
    """Opens a log in a file; every log is closed after the test."""
    opened: list[CapturedLog] = []

    def start(level: str = "INFO", log_format: LogFormat = "auto") -> CapturedLog:
        opened.append(CapturedLog(tmp_path / f"{len(opened)}.log", level, log_format))
        return opened[-1]

    yield start
    for log in opened:
        log.close()
