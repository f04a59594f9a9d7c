"""The log of this process, by way of loguru: our own events and what libraries say."""

import atexit
import logging
import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from loguru import logger

from observability.faults import safe_text
from observability.logs.layouts import Layout, coloured_layout, json_layout, text_layout
from observability.logs.tracebacks import careful_traceback
from observability.logs.writer import LineWriter
from observability.registry.log_events import (
    LIBRARY_MESSAGE,
    LINES_LOST,
    LINES_SUPPRESSED,
    SINK_FAILED,
    LogEvent,
    LogLevel,
)
from observability.throttle import Throttle

if TYPE_CHECKING:
    from loguru import Message

LogFormat = Literal["auto", "json", "text"]

_BURST_SECONDS = 10.0
_EXIT_SECONDS = 0.5
_TRACEBACKS = 50
_STANDARD_OUTPUT = 1

_LIBRARY_SECONDS = 60.0
_BACK_END_SECONDS = 600.0
_BACK_ENDS = ("observability", "opentelemetry", "sentry_sdk")
"""The loggers that complain every few seconds for as long as a collector or Sentry is away."""
_ECHO = "urllib3"
"""It warns of what whoever called it tells more clearly."""


class Logbook:
    """Where all lines of a process go. Before ``open`` nothing of it is at work; after ``close`` lines are lost.

    Libraries are heard from WARNING on, whatever ``level`` says: below it they write down headers, query strings
    and frames. ``on_record(level)`` is called for each line, ``on_lost(count)`` for lines that nobody will read.
    """

    def __init__(  # noqa: PLR0913 - the last two are for tests
        self,
        level: str,
        log_format: LogFormat,
        on_record: Callable[[LogLevel], None],
        on_lost: Callable[[int], None],
        *,
        descriptor: int = _STANDARD_OUTPUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.detailed = level == LogLevel.DEBUG
        """Whether lines at DEBUG are written, which may show content."""
        levels = list(LogLevel)
        self._levels = frozenset(levels[levels.index(LogLevel(level)) :])
        self._on_record = on_record
        self._throttle = Throttle(clock)
        self._on_lost = on_lost
        self._layout = _layout(log_format, descriptor)
        self._descriptor = descriptor
        self._writer: LineWriter | None = None

    def open(self) -> None:
        """Take loguru, the standard library's logging and its warnings over, for the whole process."""
        self._writer = LineWriter(self._descriptor, self._notice, self._on_lost)
        atexit.register(self.close, _EXIT_SECONDS)  # who fails to start must still be able to say why
        logger.remove()
        # Levels are looked at before loguru is asked. What fails here is for who logged, and never for stderr.
        logger.add(partial(self._write, self._writer), level=0, format=lambda _record: "", catch=False)
        least = logging.WARNING if LogLevel.WARNING in self._levels else logging.ERROR
        logging.basicConfig(handlers=[_Interception(self._overheard, self._on_lost)], level=least, force=True)
        logging.getLogger(_ECHO).setLevel(logging.ERROR)
        logging.captureWarnings(capture=True)

    def say(self, event: LogEvent, /, **fields: object) -> None:
        """Write a line, if its level and its burst allow it. ``fields`` are those that the event declares."""
        if self._admits(event):
            self._write_down(event, **fields)

    def sink_failed(self, sink: object, exception: BaseException) -> None:
        """Say why, now and then. It does not raise: the sink that failed may be the one that writes here."""
        try:
            if self._admits(SINK_FAILED):
                self._write_down(SINK_FAILED, sink=type(sink).__name__, exception=careful_traceback(exception))
        except Exception:  # noqa: BLE001 - the log itself is broken
            self._on_lost(1)

    def admits_traceback(self) -> bool:
        """Whether one more may be written: a traceback costs the event loop more than a line."""
        return self._throttle.admits("traceback", _TRACEBACKS, _BURST_SECONDS)

    def beat(self) -> None:
        """Say what was suppressed; to be called now and then."""
        self._tell(self._throttle.settled())

    def close(self, seconds: float) -> None:
        """Let what was said leave for at most so long; what is said later is lost."""
        atexit.unregister(self.close)
        if self._writer is not None:
            self._tell(self._throttle.settled(at_once=True))
            self._writer.close(seconds)

    def _write_down(self, event: LogEvent, /, **fields: object) -> None:
        logger.log(event.level, event.message, event=event.name, **fields)

    def _admits(self, event: LogEvent) -> bool:
        if event.level not in self._levels and not event.always:
            return False
        return event.burst is None or self._throttle.admits(event.name, event.burst, _BURST_SECONDS)

    def _tell(self, held_back: list[tuple[str, int]]) -> None:
        for kind, count in held_back:
            self.say(LINES_SUPPRESSED, count=count, suppressed=kind)

    def _write(self, writer: LineWriter, message: "Message") -> None:
        record = message.record
        level = LogLevel(record["level"].name)
        writer.write(self._layout(level, record["message"], record["extra"]))
        self._on_record(level)

    def _notice(self, count: int) -> bytes:
        self._on_record(LINES_LOST.level)
        message = LINES_LOST.message.format(count=count)
        return self._layout(LINES_LOST.level, message, {"event": LINES_LOST.name, "count": count})

    def _overheard(self, record: logging.LogRecord) -> None:
        seconds = _BACK_END_SECONDS if record.name.startswith(_BACK_ENDS) else _LIBRARY_SECONDS
        if not self._throttle.admits(f"{record.name}:{record.lineno}", 1, seconds):
            return
        fields: dict[str, object] = {"event": LIBRARY_MESSAGE.name, "logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = careful_traceback(record.exc_info[1])
        level = LogLevel.ERROR if record.levelno >= logging.ERROR else LogLevel.WARNING
        logger.bind(**fields).log(level, _words(record))


class _Interception(logging.Handler):
    """Hands the standard library's records on; what cannot be written is lost, and troubles no library."""

    def __init__(self, hear: Callable[[logging.LogRecord], None], on_lost: Callable[[int], None]) -> None:
        super().__init__()
        self._hear = hear
        self._on_lost = on_lost

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._hear(record)
        except Exception:  # noqa: BLE001 - the library that logged can do nothing about it
            self._on_lost(1)


def _words(record: logging.LogRecord) -> str:
    """What a library says; of an exception that it quotes only what ``careful_traceback`` would show."""
    if isinstance(record.args, tuple):
        record.args = tuple(_told(one) if isinstance(one, BaseException) else one for one in record.args)
    return record.getMessage().strip()


def _told(exception: BaseException) -> str:
    words = safe_text(exception)
    return f"{type(exception).__qualname__}{f': {words}' if words else ''}"


def _layout(log_format: LogFormat, descriptor: int) -> Layout:
    if log_format == "json":
        return json_layout
    if log_format == "text":
        return text_layout
    return coloured_layout if os.isatty(descriptor) else json_layout
