"""Events of streams, and the expected rows."""

from collections.abc import Iterator
from uuid import uuid4

from msgspec.structs import replace

from service.events import (
    ConnectionOpened,
    Event,
    Outcome,
    RequestAdmitted,
    StreamEnded,
    StreamRecovered,
    StreamStarted,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, Speed
from service.protocol.trace import Trace
from service.session.records import SessionSnapshot
from service.usage.rows import StreamRow
from tests.unit.sample_times import NEVER_STARTED, TIMES

CONTENT = "never to be seen in a file"
TRACE = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
CONNECTION = "c" * 32


def opened(session_id: str, epoch: str, seconds_left: float = 3000.0) -> ConnectionOpened:
    snapshot = SessionSnapshot(session_id, epoch, 0, seconds_left)
    return ConnectionOpened(CONNECTION, session_id, snapshot.requests_used, snapshot.incarnation, snapshot.seconds_left)


def admitted(stream_id: str, session_id: str = "s-1", connection_id: str = CONNECTION) -> RequestAdmitted:
    return RequestAdmitted(
        connection_id=connection_id,
        session_id=session_id,
        stream_id=stream_id,
        trace=TRACE,
        content_type=ContentType.HTML,
        speed=Speed.ADAPTIVE,
        chunk_by=ChunkBy.SENTENCE,
        html_mode=HtmlMode.INCREMENTAL,
        has_request_id=False,
        content_bytes=len(CONTENT),
        number=1,
        times=TIMES,
    )


def started(stream_id: str, session_id: str = "s-1", connection_id: str = CONNECTION) -> StreamStarted:
    return StreamStarted(
        connection_id=connection_id,
        session_id=session_id,
        stream_id=stream_id,
        trace=TRACE,
        content_type=ContentType.HTML,
        complexity=Complexity.LOW,
        speed=Speed.FAST,
        adaptive=True,
        word_count=6,
        removed={},
        chunks=7,
        times=TIMES,
        processing_seconds=0.25,
        stages=(),
        paused=False,
    )


def recovered(stream_id: str, takeovers: int, connection_id: str, session_id: str = "s-1") -> StreamRecovered:
    return StreamRecovered(
        connection_id=connection_id,
        session_id=session_id,
        stream_id=stream_id,
        trace=TRACE,
        content_type=ContentType.HTML,
        next_index=3,
        chunks=7,
        takeovers=takeovers,
        repeated=False,
        times=TIMES,
        paused=False,
    )


def ended(  # noqa: PLR0917 - a stream's end in a line
    stream_id: str,
    session_id: str = "s-1",
    connection_id: str = CONNECTION,
    outcome: Outcome = Outcome.COMPLETED,
    chunks: int = 7,
    error: ErrorCode | None = None,
    *,
    started: bool = True,
) -> StreamEnded:
    return StreamEnded(
        connection_id=connection_id,
        session_id=session_id,
        stream_id=stream_id,
        trace=TRACE,
        content_type=ContentType.HTML,
        outcome=outcome,
        paused=False,
        chunks=chunks,
        bytes=chunks * 10,
        paused_seconds=0.5 if started else 0.0,
        times=replace(TIMES, ended=12.625) if started else NEVER_STARTED,
        error=error,
    )


def whole(stream_id: str, session_id: str = "s-1") -> Iterator[Event]:
    """The events of a stream from its request to its end."""
    yield admitted(stream_id, session_id)
    yield started(stream_id, session_id)
    yield ended(stream_id, session_id)


def a_row(stream_id: str = "a-stream", ended_at: float = 1000.0, **fields: object) -> StreamRow:
    """A row with these values."""
    values: dict[str, object] = {
        "row_id": str(uuid4()),
        "stream_id": stream_id,
        "session_id": "s-1",
        "connection_id": CONNECTION,
        "content_type": "html",
        "speed": "adaptive",
        "chunk_by": "sentence",
        "html_mode": "incremental",
        "outcome": "completed",
        "error": None,
        "started_at": ended_at - 2.0,
        "ended_at": ended_at,
        "content_bytes": 26,
        "chunks": 7,
        "bytes": 70,
        "duration_seconds": 2.0,
        "paused_seconds": 0.5,
        "processing_seconds": 0.25,
        "takeovers": 0,
        "version": "1.2.3",
    }
    return StreamRow(**{**values, **fields})  # type: ignore[arg-type]
