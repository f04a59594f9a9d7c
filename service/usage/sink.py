"""Events become rows."""

from collections.abc import Callable
from uuid import uuid4

from msgspec import Struct

from service.events import (
    ConnectionOpened,
    Event,
    RequestAdmitted,
    StreamEnded,
    StreamRecovered,
    StreamStarted,
)
from service.usage.rows import Row, SessionRow, StreamRow

MAX_UNDER_WAY = 100_000
"""Streams of which more than the end is known; far more than a process can serve."""


class _UnderWay(Struct):
    """What is told of a stream before its end."""

    speed: str | None = None
    chunk_by: str | None = None
    html_mode: str | None = None
    content_bytes: int | None = None
    processing_seconds: float | None = None
    takeovers: int = 0


class UsageSink:
    """A sink of events: each ``StreamEnded`` gives a row, and so does each session that a connection opens.

    A request that was rejected gives none: nothing was streamed, nothing counted against its session, and the metrics
    count it. ``record`` neither waits nor raises, and belongs to one thread.
    """

    def __init__(
        self, put: Callable[[Row], None], wall: Callable[[], float], session_seconds: float, version: str
    ) -> None:
        """``put`` takes each row at once. ``wall`` gives Unix seconds; a session lasts ``session_seconds``."""
        self._put = put
        self._wall = wall
        self._session_seconds = session_seconds
        self._version = version
        self._under_way: dict[tuple[str, str], _UnderWay] = {}
        """By connection and stream: one that is taken over may be under way on two connections for a moment."""

    def record(self, event: Event) -> None:
        match event:
            case StreamEnded():
                self._put(self._stream(event))
            case StreamStarted():
                if (known := self._under_way.get((event.connection_id, event.stream_id))) is not None:
                    known.processing_seconds = event.processing_seconds
            case RequestAdmitted():
                self._remember(
                    event,
                    _UnderWay(event.speed.value, event.chunk_by.value, event.html_mode.value, event.content_bytes),
                )
            case StreamRecovered():
                self._remember(event, _UnderWay(takeovers=event.takeovers))
            case ConnectionOpened() if event.session_incarnation:
                ends_at = self._wall() + event.session_seconds_left
                began_at = ends_at - self._session_seconds
                self._put(SessionRow(event.session_id, event.session_incarnation, began_at, ends_at))
            case _:
                pass

    def _remember(self, event: RequestAdmitted | StreamRecovered, known: _UnderWay) -> None:
        if len(self._under_way) >= MAX_UNDER_WAY:
            del self._under_way[next(iter(self._under_way))]
        self._under_way[event.connection_id, event.stream_id] = known

    def _stream(self, event: StreamEnded) -> StreamRow:
        known = self._under_way.pop((event.connection_id, event.stream_id), None) or _UnderWay()
        ended_at = self._wall()
        worked = event.processing_seconds
        return StreamRow(
            row_id=str(uuid4()),
            stream_id=event.stream_id,
            session_id=event.session_id,
            connection_id=event.connection_id,
            content_type=event.content_type.value,
            speed=known.speed,
            chunk_by=known.chunk_by,
            html_mode=known.html_mode,
            outcome=event.outcome.value,
            error=None if event.error is None else event.error.value,
            started_at=ended_at - event.duration_seconds if event.started else None,
            ended_at=ended_at,
            content_bytes=known.content_bytes,
            chunks=event.chunks,
            bytes=event.bytes,
            duration_seconds=event.duration_seconds,
            paused_seconds=event.paused_seconds,
            processing_seconds=known.processing_seconds if worked is None else worked,
            takeovers=known.takeovers,
            version=self._version,
        )
