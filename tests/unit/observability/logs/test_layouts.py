"""The layouts of a line."""

import json
import logging
import os
import pty
import re
import select

import pytest

from observability.logs.event_logger import EventLogger
from observability.logs.layouts import json_layout
from observability.logs.log_sink import LogSink
from observability.registry.log_events import LOG_EVENTS
from service.events import Event, FaultSource, ListenerPurpose, Outcome, ServerListening, ServerStarted
from service.protocol.errors import ErrorCode
from tests.unit.observability.logs.captured_log import OpenLog
from tests.unit.observability.logs.sample_events import (
    ADMITTED,
    CLOSED,
    FALLBACK,
    LIMIT_APPROACHED,
    OPENED,
    SETTINGS,
    STARTED,
    ended,
    error_sent,
    fault,
)
from tests.waiting import LIMIT_SECONDS


@pytest.mark.parametrize("character", ["x", "\n", "é", "語", "😀"])
def test_a_line_with_a_long_traceback_fits_the_atomic_size_of_a_pipe(character: str) -> None:
    line = json_layout(
        "ERROR", "It broke.", {"event": "fault_raised", "exception": character * 9000 + "the end"}, instance="i-1"
    )
    assert select.PIPE_BUF - 8 <= len(line) <= select.PIPE_BUF
    cut, _, end = json.loads(line)["exception"].removeprefix("[").partition(" characters] ... ")
    assert character * (9000 - int(cut)) + "the end" == end


@pytest.mark.usefixtures("restored_logging")
def test_a_terminal_gets_columns_without_control_sequences_of_others() -> None:
    master, slave = pty.openpty()
    try:
        logger = EventLogger(
            "DEBUG", "auto", lambda _level: None, lambda _count: None, instance="i-1", descriptor=slave
        )
        logger.open()
        sink = LogSink(logger)
        for event in (
            ADMITTED,
            error_sent(),
            ServerListening("127.0.0.1", 8000, ListenerPurpose.STREAMS),
            fault(FaultSource.HTTP, "\x1b[2J"),
        ):
            sink.record(event)
        logging.getLogger("a.library").error("moved \x1b[2J\nand broken")
        logger.close(LIMIT_SECONDS)
        shown = os.read(master, 65_536).decode()
    finally:
        os.close(master)
        os.close(slave)
    assert "\x1b[32mINFO" in shown
    own = {"\x1b[0m", "\x1b[2m", "\x1b[32m", "\x1b[36m", "\x1b[1;31m"}
    assert set(re.findall(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", shown)) == own
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r", "").splitlines()
    lines = [line[len("00:00:00.000 ") :] for line in plain if line[:1].isdigit()]
    request, error, detail, listening, failed, library = lines
    stream = "an-edit…articles 5d129dce"
    assert request == (
        f"INFO    {stream} 🔄 Stream request #5: session=an-editor-of-articles, length=1234 bytes, type=text "
        "trace 4bf92f35"
    )
    assert error == f"INFO    {stream} Error sent: INVALID_SPEED trace 4bf92f35"
    quote = "speed 'oops' is unknown."
    assert detail == f"DEBUG   {stream} Text of the error INVALID_SPEED: {quote!r} trace 4bf92f35"
    assert listening == f"INFO    {'':16} {'':8} Listening on 127.0.0.1:8000 for streams"
    assert failed == f"ERROR   {stream} Fault in http: error id e-1 trace 4bf92f35"
    assert library == f"ERROR   {'a.library':16} {'':8} moved \\x1b[2J\\nand broken"


def test_the_text_layout_has_the_signs_and_json_has_none(open_log: OpenLog) -> None:
    errors = (
        ErrorCode.RATE_LIMIT_EXCEEDED,
        ErrorCode.CONTENT_TOO_LARGE,
        ErrorCode.SESSION_TIMEOUT,
        ErrorCode.PROCESSING_ERROR,
        ErrorCode.INTERNAL_ERROR,
    )
    events: list[Event] = [
        OPENED,
        ADMITTED,
        STARTED,
        ended(),
        ended(Outcome.CANCELLED),
        CLOSED,
        LIMIT_APPROACHED,
        FALLBACK,
    ]
    events += [error_sent(code, fault=code is ErrorCode.INTERNAL_ERROR) for code in errors]
    text = open_log("INFO", "text")
    text.record_all(events)
    messages = [re.sub(r"^.{32}.{16} .{8} ", "", line) for line in text.text().splitlines()]
    assert [message.split(":")[0] for message in messages] == [
        "✅ WebSocket connected",
        "🔄 Stream request #5",
        "📊 Content analysis",
        "⚡ Adaptive speed selected",
        "✅ Stream complete",
        "Stream ended",
        "🔌 WebSocket disconnected",
        "⚠️ Rate limit approaching",
        "❌ Chunking failed, using fallback",
        "❌ Rate limit exceeded",
        "❌ Content too large",
        "❌ Session timeout",
        "❌ Stream processing error",
        "❌ Stream processing error",
    ]
    lines = json.dumps(open_log("INFO", "json").record(*events), ensure_ascii=False)
    assert [event.sign for event in LOG_EVENTS if event.sign and event.sign in lines] == []


def test_log_format_selects_the_layout(open_log: OpenLog) -> None:
    started = ServerStarted(
        "2.4.1", SETTINGS | {"AUTH_MODE": "key", "LOG_CONTENT": "off", "PORT": "8000", "SENTRY_DSN": ""}
    )
    text = open_log("INFO", "text")
    text.record_all([started])
    assert re.fullmatch(
        r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO +Streaming Content API 2\.4\.1 started\n"
        r" +ALLOWED_ORIGINS=\* AUTH_MODE=key HOST=0\.0\.0\.0 LOG_CONTENT=off PORT=8000\n.*origin.*\n",
        text.text(),
    )
    assert open_log("INFO", "json").record(started)[0]["settings"] == started.settings
