"""Writes down what happens on one connection, as events."""

from msgspec import UNSET

from service.content.plan import Plan
from service.content.removal import Removal
from service.content.stage import Stage
from service.events import (
    BackpressureApplied,
    BackpressureReleased,
    CloseReason,
    ConnectionClosed,
    ConnectionOpened,
    ErrorSent,
    Event,
    FallbackUsed,
    FirstChunkSent,
    MessageReceived,
    Outcome,
    RateLimitApproached,
    RateLimitHit,
    RecoveryRefused,
    RequestAdmitted,
    RequestRejected,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
)
from service.protocol.errors import StreamingError
from service.protocol.limits import Limits
from service.protocol.messages import ClientMessageType, RefusalReason, Speed, StreamRequest
from service.protocol.trace import Trace
from service.session.effects import Admittance, Recovery
from service.session.ports import Preparation
from service.session.queue import StreamState
from service.session.records import SessionSnapshot


class EventLog:
    """Events in order, until they are taken. All times in monotonic seconds."""

    __slots__ = ("_blocked_at", "_connection_id", "_events", "_opened_at", "_requests", "_session_id")

    def __init__(self, connection_id: str, session_id: str, now: float) -> None:
        self._connection_id = connection_id
        self._session_id = session_id
        self._opened_at = now
        self._blocked_at: float | None = None
        self._requests = 0
        self._events: list[Event] = []

    def take(self) -> list[Event]:
        events = self._events
        if events:
            self._events = []
        return events

    def opened(self, snapshot: SessionSnapshot) -> None:
        self._events.append(
            ConnectionOpened(
                self._connection_id,
                self._session_id,
                snapshot.requests_used,
                snapshot.incarnation,
                snapshot.seconds_left,
            )
        )

    def closed(self, reason: CloseReason, code: int, now: float) -> None:
        duration = now - self._opened_at
        self._events.append(
            ConnectionClosed(self._connection_id, self._session_id, reason, code, duration, self._requests)
        )

    def received(self, type_: ClientMessageType | None, data: str | bytes) -> None:
        size_bytes = len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode(errors="replace"))
        self._events.append(MessageReceived(type_, size_bytes))

    def blocked(self, entry: StreamState | None, now: float) -> None:
        """``entry`` is the request under way, here and below, if there is one."""
        self._blocked_at = now
        self._events.append(BackpressureApplied(self._connection_id, self._session_id, *_names(entry)))

    def unblocked(self, entry: StreamState | None, now: float) -> None:
        """The socket has taken all, or is gone; nothing is written if it was not blocked."""
        if self._blocked_at is not None:
            seconds = now - self._blocked_at
            self._blocked_at = None
            self._events.append(BackpressureReleased(self._connection_id, self._session_id, *_names(entry), seconds))

    def answered(self, error: StreamingError, entry: StreamState | None) -> None:
        self._events.append(ErrorSent(self._connection_id, self._session_id, error.code, str(error), *_names(entry)))

    def rejected(self, request: StreamRequest, error: StreamingError) -> None:
        outcome = Outcome.ERROR if error.reportable else Outcome.REJECTED
        self._events.append(
            RequestRejected(self._connection_id, self._session_id, request.content_type, error.code, outcome)
        )

    def limited(self, limit: int) -> None:
        self._events.append(RateLimitHit(self._session_id, limit))

    def admitted(self, entry: StreamState, admittance: Admittance, limits: Limits) -> None:
        entry.announced = True
        self._requests += 1
        number = admittance.admission.requests_used
        self._events.append(
            RequestAdmitted(
                connection_id=self._connection_id,
                session_id=self._session_id,
                stream_id=entry.stream_id,
                trace=admittance.trace,
                content_type=entry.request.content_type,
                speed=entry.request.speed,
                chunk_by=entry.request.chunk_by,
                html_mode=entry.request.html_mode,
                has_request_id=entry.request.request_id is not UNSET,
                content_bytes=len(entry.request.content.encode()),
                number=number,
                validation_seconds=admittance.asked_at - entry.received_at,
                rate_limit_seconds=(entry.admitted_at or 0.0) - admittance.asked_at,
            )
        )
        if number == limits.warn_at_requests:
            self._events.append(RateLimitApproached(self._session_id, number, limits.max_requests))

    def started(self, entry: StreamState, preparation: Preparation) -> None:
        plan = preparation.plan
        self._events.append(
            StreamStarted(
                connection_id=self._connection_id,
                session_id=self._session_id,
                stream_id=entry.stream_id,
                trace=entry.identity,
                content_type=entry.request.content_type,
                complexity=plan.complexity,
                speed=plan.speed,
                adaptive=entry.request.speed is Speed.ADAPTIVE,
                word_count=plan.word_count,
                removed=plan.removed,
                chunks=len(plan.chunks),
                queued_seconds=(entry.dequeued_at or 0.0) - (entry.admitted_at or 0.0),
                processing_seconds=preparation.seconds,
                stages=preparation.stages,
                paused=entry.paused,
            )
        )

        if (stage := _stage_replaced(plan)) is not None:
            self._events.append(
                FallbackUsed(
                    connection_id=self._connection_id,
                    session_id=self._session_id,
                    stream_id=entry.stream_id,
                    trace=entry.identity,
                    content_type=entry.request.content_type,
                    stage=stage,
                )
            )

    def recovered(self, entry: StreamState, recovery: Recovery, now: float) -> None:
        entry.announced = True
        self._events.append(
            StreamRecovered(
                connection_id=self._connection_id,
                session_id=self._session_id,
                stream_id=entry.stream_id,
                trace=entry.identity,
                content_type=entry.content_type,
                next_index=entry.running.index,
                chunks=len(recovery.plan.chunks),
                takeovers=entry.epoch,
                repeated=entry.repeats,
                waited_seconds=now - entry.received_at,
                paused=entry.paused,
            )
        )

    def not_recovered(self, stream_id: str, reason: RefusalReason) -> None:
        self._events.append(RecoveryRefused(self._connection_id, self._session_id, stream_id, reason))

    def first_chunk(self, entry: StreamState, seconds: float) -> None:
        """``seconds`` since the request left the line."""
        self._events.append(FirstChunkSent(entry.stream_id, entry.identity, entry.content_type, seconds))

    def pause_changed(self, entry: StreamState) -> None:
        self._events.append(StreamPauseChanged(self._session_id, entry.stream_id, entry.identity, entry.paused))

    def skip_requested(self, entry: StreamState) -> None:
        self._events.append(StreamSkipRequested(self._session_id, *_names(entry)))

    def ended(self, entry: StreamState, outcome: Outcome, error: StreamingError | None, now: float) -> None:
        delivery, failure = entry.delivery, entry.failure
        self._events.append(
            StreamEnded(
                connection_id=self._connection_id,
                session_id=self._session_id,
                stream_id=entry.stream_id,
                trace=entry.identity,
                content_type=entry.content_type,
                outcome=outcome,
                started=delivery is not None,
                paused=entry.paused,
                chunks=delivery.index - delivery.first_index if delivery else 0,
                bytes=delivery.bytes - delivery.first_bytes if delivery else 0,
                duration_seconds=now - delivery.started_at if delivery else 0.0,
                paused_seconds=delivery.paused_seconds(now) if delivery else 0.0,
                counted=entry.record is not None and entry.record.counted,
                resumable=entry.resumable,
                error=error.code if error else None,
                processing_seconds=failure.seconds if failure else None,
                stages=failure.stages if failure else (),
            )
        )


def _names(entry: StreamState | None) -> tuple[str, Trace | None]:
    """What a stream is called in the log and in its trace."""
    return ("", None) if entry is None else (entry.stream_id, entry.trace)


def _stage_replaced(plan: Plan) -> Stage | None:
    """The stage that came to nothing, if what is streamed was made without it."""
    if plan.failure is not None:
        return Stage.CHUNK
    return Stage.SANITISE if Removal.MARKUP in plan.removed else None
