"""The log of a process, on top of loguru: declared events, and the warnings and errors of libraries."""

import atexit
import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal

from loguru import logger

from observability.faults import safe_text
from observability.logs.layouts import Layout, coloured_layout, json_layout, text_layout
from observability.logs.line_writer import LineWriter
from observability.logs.tracebacks import safe_traceback
from observability.registry.log_types import LogEvent, LogLevel
from observability.registry.process_lines import LIBRARY_MESSAGE, LINES_LOST, LINES_SUPPRESSED, SINK_FAILED
from observability.throttle import Throttle

if TYPE_CHECKING:
    from loguru import Message

LogFormat = Literal["auto", "json", "text"]

_BURST_SECONDS = 10.0
_EXIT_SECONDS = 0.5
_MAX_TRACEBACKS = 50
_STANDARD_OUTPUT = 1

_LIBRARY_SECONDS = 60.0
_EXPORTER_SECONDS = 600.0
_EXPORTERS = ("observability", "opentelemetry", "sentry_sdk")
"""Loggers that repeat a message every few seconds while a collector or Sentry is unavailable."""
_REDUNDANT = "urllib3"
"""Its warnings repeat what its caller reports in more detail."""


class EventLogger:
    """The destination of all log lines of a process. Lines before ``open`` and after ``close`` are lost.

    Libraries are logged from WARNING on, whatever ``level`` is: below that they log headers, query strings and frames.
    ``on_record(level)`` is called for each line, ``on_lost(count)`` for lines that were dropped, and
    ``export(level, message, fields)``, if any, with each line that is written. ``instance`` is the id of this process.
    """

    def __init__(  # noqa: PLR0913 - the last two are for tests
        self,
        level: str,
        log_format: LogFormat,
        on_record: Callable[[LogLevel], None],
        on_lost: Callable[[int], None],
        *,
        instance: str,
        export: Callable[[LogLevel, str, Mapping[str, object]], None] | None = None,
        descriptor: int = _STANDARD_OUTPUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        levels = list(LogLevel)
        self._levels = frozenset(levels[levels.index(LogLevel(level)) :])
        self._on_record = on_record
        self._throttle = Throttle(clock)
        self._on_lost = on_lost
        self._export = export
        self._layout = _layout(log_format, descriptor, instance)
        self._descriptor = descriptor
        self._writer: LineWriter | None = None

    def open(self) -> None:
        """Replace the handlers of loguru, of ``logging`` and of ``warnings`` for the whole process."""
        self._writer = LineWriter(self._descriptor, self._lost_notice, self._on_lost)
        atexit.register(self.close, _EXIT_SECONDS)  # a process that fails to start still writes the reason
        logger.remove()
        # Levels are checked before loguru is called. An exception in here reaches the caller, never stderr.
        logger.add(partial(self._write, self._writer), level=0, format=lambda _record: "", catch=False)
        least = logging.WARNING if LogLevel.WARNING in self._levels else logging.ERROR
        logging.basicConfig(handlers=[_LibraryHandler(self._log_library, self._on_lost)], level=least, force=True)
        logging.getLogger(_REDUNDANT).setLevel(logging.ERROR)
        logging.captureWarnings(capture=True)

    def log(self, event: LogEvent, /, **fields: object) -> None:
        """Write a line if its level and its burst allow it. ``fields`` are those that the event declares."""
        if self._admits(event):
            logger.log(event.level, event.message, event=event.name, **fields)

    def log_sink_failure(self, sink: object, exception: BaseException) -> None:
        """Log that a sink failed, at a limited rate. Never raises: the failed sink may be the one that writes here."""
        try:
            if self._admits(SINK_FAILED):
                fields = {"sink": type(sink).__name__, "exception": safe_traceback(exception)}
                logger.log(SINK_FAILED.level, SINK_FAILED.message, event=SINK_FAILED.name, **fields)
        except Exception:  # noqa: BLE001 - the log itself is broken
            self._on_lost(1)

    def admits_traceback(self) -> bool:
        """Whether one more traceback may be written: formatting one costs the event loop more than a line."""
        return self._throttle.allows("traceback", _MAX_TRACEBACKS, _BURST_SECONDS)

    def report_suppressed(self, *, at_once: bool = False) -> None:
        """Log the number of suppressed lines of windows that have ended. To be called regularly."""
        for kind, count in self._throttle.collect_suppressed(at_once=at_once):
            self.log(LINES_SUPPRESSED, count=count, suppressed=kind)

    def close(self, seconds: float) -> None:
        """Write what is queued for at most this long; later lines are lost."""
        atexit.unregister(self.close)
        if self._writer is not None:
            self.report_suppressed(at_once=True)
            self._writer.close(seconds)

    def _admits(self, event: LogEvent) -> bool:
        if event.level not in self._levels and not event.always:
            return False
        return event.burst is None or self._throttle.allows(event.name, event.burst, _BURST_SECONDS)

    def _write(self, writer: LineWriter, message: "Message") -> None:
        record = message.record
        level, text, fields = LogLevel(record["level"].name), record["message"], record["extra"]
        writer.write(self._layout(level, text, fields))
        if self._export is not None:
            self._export(level, text, fields)
        self._on_record(level)

    def _lost_notice(self, count: int) -> bytes:
        self._on_record(LINES_LOST.level)
        message = LINES_LOST.message.format(count=count)
        return self._layout(LINES_LOST.level, message, {"event": LINES_LOST.name, "count": count})

    def _log_library(self, record: logging.LogRecord) -> None:
        seconds = _EXPORTER_SECONDS if record.name.startswith(_EXPORTERS) else _LIBRARY_SECONDS
        if not self._throttle.allows(f"{record.name}:{record.lineno}", 1, seconds):
            return
        fields: dict[str, object] = {"event": LIBRARY_MESSAGE.name, "logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = safe_traceback(record.exc_info[1])
        level = LogLevel.ERROR if record.levelno >= logging.ERROR else LogLevel.WARNING
        logger.bind(**fields).log(level, _safe_message(record))


class _LibraryHandler(logging.Handler):
    """Forwards records of ``logging``; a record that cannot be written is counted as lost, and raises nothing."""

    def __init__(self, forward: Callable[[logging.LogRecord], None], on_lost: Callable[[int], None]) -> None:
        super().__init__()
        self._forward = forward
        self._on_lost = on_lost

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._forward(record)
        except Exception:  # noqa: BLE001 - the library that logged cannot handle it
            self._on_lost(1)


def _safe_message(record: logging.LogRecord) -> str:
    """The message of a library; of exceptions among its arguments only the text that ``safe_text`` returns."""
    if isinstance(record.args, tuple):
        record.args = tuple(_safe_argument(argument) for argument in record.args)
    return record.getMessage().strip()


def _safe_argument(argument: object) -> object:
    if not isinstance(argument, BaseException):
        return argument
    text = safe_text(argument)
    return f"{type(argument).__qualname__}{f': {text}' if text else ''}"


def _layout(log_format: LogFormat, descriptor: int, instance: str) -> Layout:
    if log_format == "text":
        return text_layout
    if log_format == "auto" and os.isatty(descriptor):
        return coloured_layout
    return partial(json_layout, instance=instance)
