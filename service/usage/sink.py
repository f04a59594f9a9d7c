"""Converts events to rows."""

from collections.abc import Callable
from uuid import UUID, uuid4, uuid5

from msgspec import Struct

from service.access.uncounted import is_uncounted
from service.events import (
    ConnectionOpened,
    Event,
    LiveOutcome,
    LiveStreamEnded,
    Outcome,
    RequestAdmitted,
    SessionJoined,
    StreamEnded,
    StreamRecovered,
    StreamStarted,
)
from service.usage.rows import Row, SessionRow, StreamRow

MAX_ACTIVE = 100_000
"""Active streams whose request is remembered; far more than a process can serve."""
_LIVE = UUID("9f0c5f4e-6d0b-5f0e-9d53-6c1f2b1a7c11")
"""The namespace of the ids of rows of live streams: two processes that record the same end write one row."""
_LIVE_OUTCOMES = {
    LiveOutcome.COMPLETE: Outcome.COMPLETED,
    LiveOutcome.ERROR: Outcome.ERROR,
    LiveOutcome.ABANDONED: Outcome.ERROR,
    LiveOutcome.CANCELLED: Outcome.CANCELLED,
}


class _ActiveStream(Struct):
    """The properties of a stream that its earlier events contain."""

    speed: str | None = None
    chunk_by: str | None = None
    html_mode: str | None = None
    content_bytes: int | None = None
    processing_seconds: float | None = None
    takeovers: int = 0


class UsageSink:
    """A sink that writes a row for each ``StreamEnded``, each live stream, and each session that a connection opens.

    A rejected request has no row: nothing was streamed or charged, and the metrics count it. ``record`` neither blocks
    nor raises, and belongs to one thread.
    """

    def __init__(
        self,
        put: Callable[[Row], None],
        wall: Callable[[], float],
        session_seconds: float,
        version: str,
        verify_secret: str | None = None,
    ) -> None:
        """``put`` must not block. ``wall`` returns Unix seconds; a session lasts ``session_seconds``.

        Sessions whose ids are made with ``verify_secret`` have no rows.
        """
        self._put = put
        self._wall = wall
        self._session_seconds = session_seconds
        self._version = version
        self._verify_secret = verify_secret
        self._active: dict[tuple[str, str], _ActiveStream] = {}
        """By connection and stream: a stream that was recovered may be active on two connections for a moment."""

    def record(self, event: Event) -> None:
        match event:
            case StreamEnded():
                self._write(self._stream(event))
            case LiveStreamEnded():
                self._write(self._live_stream(event))
            case StreamStarted():
                if (known := self._active.get((event.connection_id, event.stream_id))) is not None:
                    known.processing_seconds = event.processing_seconds
            case RequestAdmitted():
                self._remember(
                    event,
                    _ActiveStream(event.speed.value, event.chunk_by.value, event.html_mode.value, event.content_bytes),
                )
            case StreamRecovered():
                self._remember(event, _ActiveStream(takeovers=event.takeovers))
            case ConnectionOpened() | SessionJoined() if event.session_incarnation:
                ends_at = self._wall() + event.session_seconds_left
                began_at = ends_at - self._session_seconds
                self._write(SessionRow(event.session_id, event.session_incarnation, began_at, ends_at))
            case _:
                pass

    def _write(self, row: Row) -> None:
        secret = self._verify_secret
        if secret is None or not is_uncounted(row.session_id, secret, self._wall()):
            self._put(row)

    def _remember(self, event: RequestAdmitted | StreamRecovered, known: _ActiveStream) -> None:
        if len(self._active) >= MAX_ACTIVE:
            del self._active[next(iter(self._active))]
        self._active[event.connection_id, event.stream_id] = known

    def _stream(self, event: StreamEnded) -> StreamRow:
        known = self._active.pop((event.connection_id, event.stream_id), None) or _ActiveStream()
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
            started_at=None if event.times.started is None else ended_at - event.times.streamed_seconds,
            ended_at=ended_at,
            content_bytes=known.content_bytes,
            chunks=event.chunks,
            bytes=event.bytes,
            duration_seconds=event.times.streamed_seconds,
            paused_seconds=event.paused_seconds,
            processing_seconds=known.processing_seconds if worked is None else worked,
            takeovers=known.takeovers,
            version=self._version,
            subject=event.subject or None,
        )

    def _live_stream(self, event: LiveStreamEnded) -> StreamRow:
        """Without a connection: it is charged to its session once, however many read it."""
        return StreamRow(
            row_id=str(uuid5(_LIVE, event.stream_id)),
            stream_id=event.stream_id,
            session_id=event.session_id,
            connection_id="",
            content_type=event.content_type.value,
            speed=event.speed.value,
            chunk_by=event.chunk_by.value,
            html_mode=None,
            outcome=_LIVE_OUTCOMES[event.outcome].value,
            error=None,
            started_at=event.created_at,
            ended_at=event.ended_at,
            content_bytes=event.bytes,
            chunks=0,
            bytes=0,
            duration_seconds=event.seconds,
            paused_seconds=0.0,
            processing_seconds=None,
            takeovers=0,
            version=self._version,
            subject=event.subject or None,
        )
