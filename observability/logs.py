"""Logs: one line for what begins, one for what ends, and all that wants a look."""

import json
import logging
import sys
from traceback import format_exception
from typing import TYPE_CHECKING, TextIO, assert_never

from loguru import logger

from service.core.events import (
    AttemptOutcome,
    BackpressureApplied,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    DrainBegan,
    DrainEnded,
    ErrorAnswered,
    Event,
    FaultRaised,
    FirstChunkSent,
    RateLimitApproached,
    RateLimitHit,
    RequestAdmitted,
    RequestRejected,
    ServerListening,
    ServerStarted,
    StreamEnded,
    StreamPauseChanged,
    StreamStarted,
    Swept,
)

if TYPE_CHECKING:
    from loguru import Record

_TERMINAL_FORMAT = (
    "<green>{time:HH:mm:ss.SSS}</green> <level>{level: <7}</level> {message} <dim>{extra[shown]}</dim>\n{exception}"
)


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Lines for people on a terminal, one JSON object a line elsewhere; the standard library's logs come along."""
    stream = stream or sys.stdout
    logger.remove()
    # Without backtrace and diagnose: they would print local variables, and with them contents.
    if stream.isatty():
        logger.add(stream, level=level, format=_terminal_line, backtrace=False, diagnose=False)
    else:
        logger.add(stream, level=level, format=_json_line, backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Intercepted()], level=logging.WARNING, force=True)


class LogSink:
    """A sink that writes lines. Ids are fields of a line and never part of its text, which names an event."""

    def record(self, event: Event) -> None:  # noqa: C901, PLR0912 - one match over all events
        match event:
            case ServerStarted():
                _line("INFO", "service started", version=event.version, **event.settings)
                if event.settings["ALLOWED_ORIGINS"] == "*":
                    _line("INFO", "every origin is allowed", hint="list yours in ALLOWED_ORIGINS to refuse others")
            case ServerListening():
                _line("INFO", "listening", host=event.host, port=event.port)
            case ConnectionAttempted():
                if event.outcome is not AttemptOutcome.ACCEPTED:
                    _line("WARNING", "connection refused", outcome=event.outcome, session_id=event.session_id)
            case ConnectionOpened():
                _line("INFO", "connected", session_id=event.session_id, connection_id=event.connection_id)
            case ConnectionClosed():
                _line(
                    "WARNING" if event.reason in (CloseReason.ERROR, CloseReason.SLOW_CLIENT) else "INFO",
                    "disconnected",
                    session_id=event.session_id,
                    connection_id=event.connection_id,
                    reason=event.reason,
                    code=event.code,
                    seconds=round(event.duration_seconds, 3),
                    requests=event.requests,
                )
            case RequestAdmitted():
                _line(
                    "INFO",
                    "stream request",
                    number=event.number,
                    content_type=event.content_type,
                    bytes=event.content_bytes,
                    **_ids(event),
                )
            case StreamStarted():
                _line(
                    "INFO",
                    "content analysed",
                    complexity=event.complexity,
                    words=event.word_count,
                    chunks=event.chunks,
                    speed=event.speed,
                    adaptive=event.adaptive,
                    processing_ms=round(event.processing_seconds * 1000, 3),
                    **_ids(event),
                )
            case StreamEnded():
                _line(
                    "INFO",
                    "stream ended",
                    outcome=event.outcome,
                    chunks=event.chunks,
                    bytes=event.bytes,
                    seconds=round(event.duration_seconds, 3),
                    **_ids(event),
                )
            case ErrorAnswered():
                _line("INFO", "error answered", code=event.code, detail=event.message, session_id=event.session_id)
            case RateLimitApproached():
                _line(
                    "WARNING", "rate limit approaching", used=event.used, limit=event.limit, session_id=event.session_id
                )
            case FaultRaised():
                logger.opt(exception=event.exception).bind(
                    error_id=event.error_id, where=event.where, session_id=event.session_id
                ).error("fault")
            case DrainBegan():
                _line("INFO", "drain began", connections=event.connections)
            case DrainEnded():
                _line("INFO", "drain ended", seconds=round(event.seconds, 3), cut=event.cut)
            case (
                RequestRejected()
                | RateLimitHit()
                | FirstChunkSent()
                | StreamPauseChanged()
                | BackpressureApplied()
                | Swept()
            ):
                pass
            case _:
                assert_never(event)


def _line(level: str, text: str, /, **fields: object) -> None:
    logger.bind(**fields).log(level, text)


def _ids(event: RequestAdmitted | StreamStarted | StreamEnded) -> dict[str, str]:
    return {"session_id": event.session_id, "stream_id": event.stream_id, "trace_id": event.trace_id}


def _json_line(record: "Record") -> str:
    line = {
        "ts": record["time"].isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        "event": record["message"],
        **{key: value for key, value in record["extra"].items() if key != "line"},
    }
    if record["exception"] is not None:
        line["exception"] = "".join(format_exception(record["exception"].value))
    record["extra"]["line"] = json.dumps(line, default=str, ensure_ascii=False)
    return "{extra[line]}\n"


def _terminal_line(record: "Record") -> str:
    fields = record["extra"].items()
    record["extra"]["shown"] = " ".join(f"{key}={_printable(value)}" for key, value in fields if key != "shown")
    return _TERMINAL_FORMAT


def _printable(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else repr(text)


class _Intercepted(logging.Handler):
    """Hands the standard library's records to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        bound = logger.bind(logger=record.name).opt(exception=record.exc_info)
        bound.log(record.levelno, "{}", record.getMessage())
