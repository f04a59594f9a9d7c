"""The log: what operators read at three in the morning, and what must never stand there."""

import json
import logging
import os
import pty
import re
import select
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter

import pytest
from loguru import logger
from msgspec.structs import replace

from observability.logs.layouts import json_layout
from observability.logs.logbook import Logbook, LogFormat
from observability.logs.sink import LogSink
from observability.logs.writer import LineWriter
from observability.recorder import FanOut
from observability.registry.log_events import (
    LIBRARY_MESSAGE,
    LINES_LOST,
    LINES_SUPPRESSED,
    LOG_EVENTS,
    METRICS_UNSHARED,
    SINK_FAILED,
    LogLevel,
)
from service.content.removal import Removal
from service.content.stage import Stage
from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    Dependency,
    DependencyChanged,
    DrainEnded,
    DrainStarted,
    ErrorSent,
    Event,
    FallbackUsed,
    FaultRaised,
    FaultSource,
    FirstChunkSent,
    HttpRequestServed,
    ListenerPurpose,
    LoopLagMeasured,
    Outcome,
    RateLimitApproached,
    RecoveryRefused,
    RequestAdmitted,
    ServerListening,
    ServerStarted,
    StoredInMemory,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
    UsageDropped,
    WorkerReplaced,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, RefusalReason, Speed
from service.protocol.trace import Trace
from tests.conftest import LogLine
from tests.waiting import LIMIT_SECONDS

TRACE = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
STREAM_ID = "5d129dce0f7a4c3b9d2e1f0a5d129dce"
OF_NO_EVENT = (LIBRARY_MESSAGE, LINES_SUPPRESSED, LINES_LOST, SINK_FAILED, METRICS_UNSHARED)
OF_WHAT_IS_AWAY = {"store_in_memory", "dependency_away", "dependency_back", "usage_dropped"}
SECRET = "hunter-2"
CONTENT = "the {content} of a client \x1b[2J" + "…" * 1000


class Written:
    """A logbook over a file, and what came of it. Time stands still unless a test moves it."""

    def __init__(self, path: Path, level: str, log_format: LogFormat) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        self.now = 0.0
        self.levels: list[LogLevel] = []
        self.lost = 0
        self.logbook = Logbook(
            level, log_format, self.levels.append, self._lose, descriptor=self._descriptor, clock=lambda: self.now
        )
        self.logbook.open()
        self.sink = LogSink(self.logbook)

    def __call__(self, *events: Event) -> list[LogLine]:
        """All lines once these events are recorded, and nothing more is to come."""
        for event in events:
            self.sink.record(event)
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self) -> str:
        self.logbook.close(LIMIT_SECONDS)
        return self._path.read_text()

    def discard(self) -> None:
        self.logbook.close(LIMIT_SECONDS)
        os.close(self._descriptor)

    def _lose(self, count: int) -> None:
        self.lost += count


Open = Callable[..., Written]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Open]:
    """Opens a logbook: ``written(level, log_format)``."""
    opened: list[Written] = []

    def start(level: str = "INFO", log_format: LogFormat = "auto") -> Written:
        opened.append(Written(tmp_path / f"{len(opened)}.log", level, log_format))
        return opened[-1]

    yield start
    for one in opened:
        one.discard()
    logger.remove()
    logging.basicConfig(handlers=[], force=True)
    logging.captureWarnings(capture=False)


def admitted() -> RequestAdmitted:
    return RequestAdmitted(
        connection_id="c",
        session_id="an-editor-of-articles",
        stream_id=STREAM_ID,
        trace=TRACE,
        content_type=ContentType.TEXT,
        speed=Speed.NORMAL,
        chunk_by=ChunkBy.WORD,
        html_mode=HtmlMode.FRAGMENT,
        has_request_id=False,
        content_bytes=1234,
        number=3,
        validation_seconds=0.001,
        rate_limit_seconds=0.001,
    )


def started() -> StreamStarted:
    return StreamStarted(
        connection_id="c",
        session_id="an-editor-of-articles",
        stream_id=STREAM_ID,
        trace=TRACE,
        content_type=ContentType.TEXT,
        complexity=Complexity.HIGH,
        speed=Speed.NORMAL,
        adaptive=True,
        word_count=900,
        removed={Removal.SUBTREE: 1, Removal.STYLE: 2},
        chunks=250,
        queued_seconds=0.0,
        processing_seconds=0.2,
        stages=(),
        paused=False,
    )


def ended(error: ErrorCode | None = None) -> StreamEnded:
    return StreamEnded(
        connection_id="c",
        session_id="an-editor-of-articles",
        stream_id=STREAM_ID,
        trace=TRACE,
        content_type=ContentType.TEXT,
        outcome=Outcome.ERROR if error else Outcome.COMPLETED,
        started=True,
        paused=False,
        chunks=250,
        bytes=1234,
        duration_seconds=25.0,
        paused_seconds=1.5,
        error=error,
    )


def recovered(*, repeated: bool = False) -> StreamRecovered:
    return StreamRecovered(
        connection_id="d",
        session_id="an-editor-of-articles",
        stream_id=STREAM_ID,
        trace=TRACE,
        content_type=ContentType.TEXT,
        next_index=0 if repeated else 100,
        chunks=250,
        takeovers=1,
        repeated=repeated,
        waited_seconds=0.0125,
        paused=False,
    )


def mistake(word: str = "oops") -> ErrorSent:
    return ErrorSent("c", "s", ErrorCode.INVALID_SPEED, f"speed {word!r} is not known.")


def fault(place: FaultSource, words: str = "words") -> FaultRaised:
    def fail(secret: str) -> None:
        raise ValueError(words, len(secret))

    with pytest.raises(ValueError, match="8") as caught:
        fail(SECRET)
    return FaultRaised("e-1", place, caught.value, "c", "s", STREAM_ID, TRACE)


def whole_life() -> list[Event]:
    """Each event that is worth a line, in each of its kinds."""
    return [
        ServerStarted("2.4.1", {"ALLOWED_ORIGINS": "*"}),
        ServerListening("127.0.0.1", 8000, ListenerPurpose.STREAMS),
        WorkerReplaced(4711, -9),
        StoredInMemory(Dependency.SESSION_STORE, "Permission denied"),
        LoopLagMeasured(0.25),
        *(ConnectionAttempted(outcome, "s") for outcome in AttemptOutcome),
        ConnectionOpened("c", "s", 0),
        admitted(),
        started(),
        FallbackUsed("c", "an-editor-of-articles", STREAM_ID, TRACE, ContentType.TEXT, Stage.CHUNK),
        FirstChunkSent(STREAM_ID, TRACE, ContentType.TEXT, 0.01),
        BackpressureApplied("c", "s", STREAM_ID, TRACE),
        BackpressureReleased("c", "s", STREAM_ID, TRACE, 0.5),
        StreamPauseChanged("s", STREAM_ID, TRACE, paused=True),
        StreamPauseChanged("s", STREAM_ID, TRACE, paused=False),
        StreamSkipRequested("s", STREAM_ID, TRACE),
        recovered(),
        RecoveryRefused("c", "s", "a word", RefusalReason.UNKNOWN),
        ended(),
        ended(ErrorCode.INTERNAL_ERROR),
        ErrorSent("c", "s", ErrorCode.PROCESSING_ERROR, "The content could not be processed.", STREAM_ID, TRACE),
        RateLimitApproached("s", 80, 100),
        DependencyChanged(Dependency.DATABASE, up=False, reason="ConnectionRefusedError"),
        DependencyChanged(Dependency.DATABASE, up=True),
        UsageDropped(3),
        fault(FaultSource.CONTENT),
        HttpRequestServed("GET", "/health", 200, 0.001),
        ConnectionClosed("c", "s", CloseReason.CLIENT, 1000, 30.0, 1),
        DrainStarted(1),
        DrainEnded(0.1, 0),
    ]


def test_each_event_is_declared_and_each_declared_event_is_written(written: Open) -> None:
    log = written("DEBUG")
    lines = log(*whole_life())
    declared = {event.name: event for event in LOG_EVENTS}
    for line in lines:
        event = declared[line["event"]]
        names = [field.name for field in event.fields]
        assert list(line)[:4] == ["ts", "level", "event", "message"]
        assert line.keys() - {"ts", "level", "event", "message"} <= set(names)
        assert line["level"] == event.level
    of_the_log_itself = {event.name for event in OF_NO_EVENT}
    assert {line["event"] for line in lines} == declared.keys() - of_the_log_itself
    seen = {(line["event"], name) for line in lines for name in line}
    assert [
        (event.name, field.name)
        for event in LOG_EVENTS
        for field in event.fields
        if event.name not in of_the_log_itself and (event.name, field.name) not in seen
    ] == []
    assert log.levels == [line["level"] for line in lines]


def test_messages_are_made_of_declared_fields() -> None:
    assert len({event.name for event in LOG_EVENTS}) == len(LOG_EVENTS)
    for event in LOG_EVENTS:
        used = {name for _, name, _, _ in Formatter().parse(event.message) if name is not None}
        if event is not LIBRARY_MESSAGE:
            assert used <= {field.name for field in event.fields} - {"quote", "settings", "exception"}
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", event.name)


def test_the_life_of_a_stream_in_sentences(written: Open) -> None:
    lines = written()(
        ConnectionOpened("c", "s", 0),
        admitted(),
        started(),
        ended(),
        ConnectionClosed("c", "s", CloseReason.CLIENT, 1000, 30.0, 1),
    )
    assert [(line["level"], line["message"]) for line in lines] == [
        ("INFO", "Connected"),
        ("INFO", "Stream request #3: 1234 bytes of text"),
        ("INFO", "Content analysed: high complexity, 900 words, 250 chunks; adaptive speed selected: normal"),
        ("INFO", "Stream completed: 250 chunks, 1234 bytes in 25.0 s"),
        ("INFO", "Disconnected (client, code 1000) after 30.0 s; requests: 1"),
    ]
    ids = {
        "trace_id": TRACE.trace_id,
        "span_id": TRACE.span_id,
        "session_id": "an-editor-of-articles",
        "connection_id": "c",
        "stream_id": STREAM_ID,
    }
    for line in lines[1:4]:
        assert line.items() >= ids.items()


def test_a_stream_that_breaks_off_and_goes_on_in_sentences(written: Open) -> None:
    lines = written()(
        replace(ended(), outcome=Outcome.DISCONNECTED, chunks=100, resumable=True),
        RecoveryRefused("d", "s", "a word", RefusalReason.POSITION),
        recovered(),
        recovered(repeated=True),
        replace(ended(), outcome=Outcome.TAKEN_OVER),
    )
    assert [(line["level"], line["message"]) for line in lines] == [
        ("INFO", "Stream disconnected: 100 chunks, 1234 bytes in 25.0 s"),
        ("INFO", "Recovery refused: position"),
        ("INFO", "Stream recovered: goes on at chunk 100 of 250"),
        ("INFO", "Stream repeated: goes on at chunk 0 of 250"),
        ("INFO", "Stream taken_over: 250 chunks, 1234 bytes in 25.0 s"),
    ]
    assert [line["resumable"] for line in lines if "resumable" in line] == [True, False]
    assert lines[2].items() >= {"trace_id": TRACE.trace_id, "takeovers": 1, "waited_ms": 12.5}.items()


def test_what_is_away_is_told_with_what_it_means_and_so_is_that_it_is_back(written: Open) -> None:
    """At every level: who was told the one wants to be told the other."""
    lines = written("ERROR")(
        StoredInMemory(Dependency.USAGE_STORE, "Permission denied"),
        *(DependencyChanged(one, up=False, reason="Connection refused.") for one in Dependency),
        *(DependencyChanged(one, up=True) for one in Dependency),
    )
    assert [line["level"] for line in lines] == ["ERROR"] * (1 + len(Dependency)) + ["INFO"] * len(Dependency)
    assert lines[0]["message"] == (
        "The usage_store is in memory only, as its file cannot be used: Permission denied. A restart loses it, and "
        "each worker has its own: make DATA_DIR a directory that the service may write to, or move a damaged file "
        "away, and restart"
    )
    assert lines[len(Dependency)]["message"] == (
        "The database is away: Connection refused. Meanwhile usage waits in the file in DATA_DIR, and nothing is lost"
    )
    assert lines[-1]["message"] == "The database is back"


def test_only_debug_shows_what_a_client_sent(written: Open) -> None:
    refused = RecoveryRefused("c", "s", "{stray} word" + "…" * 1000, RefusalReason.UNKNOWN)
    events: list[Event] = [admitted(), mistake("{oops} <red>"), refused, fault(FaultSource.CONTENT, "canary")]
    text = json.dumps(written("INFO")(*events))
    for word in ("content} of a client", "oops", "stray", "canary", SECRET):
        assert word not in text
    lines = written("DEBUG")(*events)
    assert lines[-1]["exception"].endswith("ValueError: ('canary', 8)")
    quotes = [line["quote"] for line in lines if "quote" in line]
    assert quotes == ["speed '{oops} <red>' is not known.", refused.stream_id[:200]]
    assert SECRET not in json.dumps(lines)


def test_a_fault_has_its_id_its_traceback_and_no_local_variables(written: Open) -> None:
    [line] = written()(fault(FaultSource.CONTENT))
    assert (line["level"], line["event"], line["error_id"], line["place"]) == (
        "ERROR",
        "fault_raised",
        "e-1",
        "content",
    )
    assert line["exception"].endswith("\nValueError")
    assert "in fail" in line["exception"]
    assert line["trace_id"] == TRACE.trace_id


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_no_level_shows_the_words_of_an_exception_that_has_seen_a_request_or_a_store(written: Open, level: str) -> None:
    """A query string with a token, say, or the store's address with its password."""
    places = (
        FaultSource.HTTP,
        FaultSource.EVENT_LOOP,
        FaultSource.SESSION_STORE,
        FaultSource.ADMISSION,
        FaultSource.RECOVERY,
    )
    lines = written(level)(*(fault(place, "canary") for place in places))
    assert [line["place"] for line in lines] == [*places]
    for line in lines:
        assert line["exception"].endswith("\nValueError")


def test_a_recursion_that_ran_away_is_told_in_short(written: Open) -> None:
    def one() -> None:
        two()

    def two() -> None:
        one()

    with pytest.raises(RecursionError) as caught:
        one()
    [line] = written()(FaultRaised("e-1", FaultSource.CONTENT, caught.value))
    assert line["exception"].count("\n") < 200
    assert line["exception"].endswith("RecursionError: maximum recursion depth exceeded")


@pytest.mark.parametrize(
    ("level", "events"),
    [
        (
            "WARNING",
            {"service_listening", "rate_limit_approaching", "fallback_used", "fault_raised", "library_message"}
            | OF_WHAT_IS_AWAY,
        ),
        ("ERROR", {"service_listening", "fallback_used", "fault_raised"} | OF_WHAT_IS_AWAY),
    ],
)
def test_the_port_is_told_at_every_level(written: Open, level: str, events: set[str]) -> None:
    log = written(level)
    logging.getLogger("library").warning("careful")
    life = [
        event for event in whole_life() if not isinstance(event, LoopLagMeasured | WorkerReplaced | ConnectionAttempted)
    ]
    assert {line["event"] for line in log(*life)} == events


def test_one_kind_that_floods_leaves_room_for_the_others(written: Open) -> None:
    log = written()
    for _ in range(10_000):
        log.sink.record(mistake())
    log.sink.record(ended())
    log.now += 10
    log.sink.record(LoopLagMeasured(0.0))
    lines = log(mistake())
    assert [line["event"] for line in lines] == [
        *["error_answered"] * 50,
        "stream_ended",
        "lines_suppressed",
        "error_answered",
    ]
    assert lines[51].items() >= {"suppressed": "error_answered", "count": 9950}.items()


def test_what_is_held_back_at_the_end_is_told_then(written: Open) -> None:
    lines = written()(*[mistake()] * 60)
    assert [line["event"] for line in lines] == ["error_answered"] * 50 + ["lines_suppressed"]
    assert lines[-1].items() >= {"suppressed": "error_answered", "count": 10}.items()


def test_a_sink_that_fails_is_told_now_and_then(written: Open) -> None:
    log = written()

    class TraceSink:
        def record(self, event: Event) -> None:
            raise ValueError(CONTENT)

    for _ in range(1000):
        FanOut([TraceSink(), log.sink], on_failure=log.logbook.sink_failed).record(RateLimitApproached("s", 80, 100))
    failed = [line for line in log() if line["event"] == "sink_failed"]
    assert len(failed) == 3
    assert (failed[0]["level"], failed[0]["sink"]) == ("ERROR", "TraceSink")
    assert "in record" in failed[0]["exception"]
    assert failed[0]["exception"].endswith("\nValueError")


def test_a_log_that_fails_itself_is_counted_and_troubles_nobody(written: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    log = written()
    with monkeypatch.context() as broken:
        broken.setattr(LineWriter, "write", _refuse)
        FanOut([log.sink], on_failure=log.logbook.sink_failed).record(ended())
    assert log.lost == 1
    assert log(ended())[0]["event"] == "stream_ended"


def _refuse(_writer: LineWriter, _line: bytes) -> None:
    raise RuntimeError


@pytest.mark.parametrize("character", ["x", "\n", "é", "語", "😀"])
def test_a_line_with_a_long_traceback_is_whole_among_those_of_other_processes(character: str) -> None:
    line = json_layout("ERROR", "It broke.", {"event": "fault_raised", "exception": character * 9000 + "the end"})
    assert select.PIPE_BUF - 8 <= len(line) <= select.PIPE_BUF
    told = json.loads(line)["exception"]
    cut, _, end = told.removeprefix("[").partition(" characters] ... ")
    assert character * (9000 - int(cut)) + "the end" == end


def test_libraries_are_heard_from_warning_on_and_once_a_minute_from_each_place(written: Open) -> None:
    log = written("DEBUG")
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.info('%s - "WebSocket %s" [accepted]', "127.0.0.1", "/ws/stream/s?token=canary")
    for _ in range(3):
        uvicorn.warning("careful, %s \udcff", "{braces}")
    log.now += 60
    log.logbook.beat()
    uvicorn.warning("two %s, one value")
    uvicorn.warning("%d", "not a number")  # what cannot be written is lost, and raises nothing
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("an old way", DeprecationWarning, stacklevel=1)
    refusal = ConnectionRefusedError(111, "Connection refused")
    logging.getLogger("opentelemetry.exporter").error("Failed to export", exc_info=refusal)
    careful, suppressed, literal, old, failed = log()
    assert (careful["logger"], careful["message"]) == ("uvicorn.error", "careful, {braces} \\udcff")
    assert suppressed["message"].startswith("2 more lines of uvicorn.error:")
    assert literal["message"] == "two %s, one value"
    assert old["logger"] == "py.warnings"
    assert "an old way" in old["message"]
    assert (failed["level"], failed["message"]) == ("ERROR", "Failed to export")
    assert failed["exception"].endswith("ConnectionRefusedError: Connection refused")
    assert log.lost == 1


def test_a_terminal_gets_columns_and_nothing_that_moves_its_cursor() -> None:
    master, slave = pty.openpty()
    try:
        logbook = Logbook("DEBUG", "auto", lambda _level: None, lambda _count: None, descriptor=slave)
        logbook.open()
        sink = LogSink(logbook)
        for event in (
            admitted(),
            ServerListening("127.0.0.1", 8000, ListenerPurpose.STREAMS),
            fault(FaultSource.HTTP, "\x1b[2J"),
        ):
            sink.record(event)
        logging.getLogger("a.library").error("moved \x1b[2J\nand broken")
        logbook.close(LIMIT_SECONDS)
        shown = os.read(master, 65_536).decode()
    finally:
        logger.remove()
        logging.basicConfig(handlers=[], force=True)
        logging.captureWarnings(capture=False)
        os.close(master)
        os.close(slave)
    assert "\x1b[32mINFO" in shown
    assert set(re.findall(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", shown)) == {
        "\x1b[0m",
        "\x1b[2m",
        "\x1b[32m",
        "\x1b[36m",
        "\x1b[1;31m",
    }
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r", "").splitlines()
    assert [line[len("00:00:00.000") :] for line in plain if line[:1].isdigit()] == [
        " INFO    an-edit…articles 5d129dce Stream request #3: 1234 bytes of text trace 4bf92f35",
        " DEBUG   an-edit…articles 5d129dce Options: speed normal, chunks by word, HTML mode fragment trace 4bf92f35",
        " INFO                              Listening on 127.0.0.1:8000 for streams",
        " ERROR   s                5d129dce Fault in http: error id e-1 trace 4bf92f35",
        " ERROR   a.library                 moved \\x1b[2J\\nand broken",
    ]


def test_the_format_may_be_chosen(written: Open) -> None:
    began = ServerStarted("2.4.1", {"ALLOWED_ORIGINS": "*", "PORT": "8000", "SENTRY_DSN": ""})
    as_text = written("INFO", "text")
    as_text.sink.record(began)
    assert re.fullmatch(
        r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO +Streaming Content API 2\.4\.1 starts\n"
        r" +ALLOWED_ORIGINS=\* PORT=8000\n.*origin.*\n",
        as_text.text(),
    )
    assert written("INFO", "json")(began)[0]["settings"] == began.settings
