"""The events of one connection."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from service import events
from service.access.principal import AccessRefusal
from service.content.html.removal import Removal
from service.content.plan import Piece, Plan
from service.content.stage import Stage
from service.protocol.errors import StreamingError
from service.protocol.limits import Limits
from service.protocol.messages import ClientMessageType, ClientReport, ContentType, RefusalReason, Speed
from service.protocol.trace import Trace
from service.session.effects import AdmissionDecided
from service.session.options import SessionOptions
from service.session.ports import Preparation
from service.session.records import SessionSnapshot
from service.session.recovery import RecoveredStream
from service.session.reportable_streams import ReportableStreams
from service.session.stream_state import StreamState


class EventLog:
    """Creates events and keeps them in order until ``take``. All times are monotonic seconds.

    A method named after what happened appends its event. ``stream`` is the current stream, if there is one.
    """

    __slots__ = (
        "_blocked_at",
        "_connection",
        "_events",
        "_opened_at",
        "_reportable",
        "_requests",
        "_subject",
        "records_content",
        "session_id",
    )

    def __init__(self, connection_id: str, session_id: str, now: float, options: SessionOptions, subject: str) -> None:
        """``subject`` is that of the principal; empty without authentication."""
        self.records_content = options.records_content
        """Whether each chunk has an event; no chunk may then be sent without the machine."""
        self._reportable = ReportableStreams() if options.client_reports else None
        self._connection = (connection_id, session_id)
        self.session_id = session_id
        self._subject = subject
        self._opened_at = now
        self._blocked_at: float | None = None
        self._requests = 0
        self._events: list[events.Event] = []

    @property
    def connection_id(self) -> str:
        return self._connection[0]

    def record(self, event: events.Event) -> None:
        """Append an event that another module has created."""
        self._events.append(event)

    def take(self) -> list[events.Event]:
        """Return all events since the last call."""
        taken = self._events
        if taken:
            self._events = []
        return taken

    def opened(self, snapshot: SessionSnapshot) -> None:
        self._events.append(
            events.ConnectionOpened(
                *self._connection,
                snapshot.requests_used,
                snapshot.incarnation,
                snapshot.seconds_left,
                subject=self._subject,
            )
        )

    def joined(self, snapshot: SessionSnapshot) -> None:
        self._events.append(
            events.SessionJoined(*self._connection, snapshot.requests_used, snapshot.incarnation, snapshot.seconds_left)
        )

    def closed(self, reason: events.CloseReason, code: int, now: float) -> None:
        seconds = now - self._opened_at
        closed = events.ConnectionClosed(*self._connection, reason, code, seconds, self._requests, self._subject)
        self._events.append(closed)

    def received(self, type_: ClientMessageType | None, size_bytes: int) -> None:
        self._events.append(events.MessageReceived(type_, size_bytes))

    def blocked(self, stream: StreamState | None, now: float) -> None:
        self._blocked_at = now
        self._events.append(events.BackpressureApplied(*self._connection, *_ids(stream)))

    def unblocked(self, stream: StreamState | None, now: float) -> None:
        """The connection accepts data again, or is lost; without effect if it was not blocked."""
        if self._blocked_at is not None:
            seconds = now - self._blocked_at
            self._blocked_at = None
            self._events.append(events.BackpressureReleased(*self._connection, *_ids(stream), seconds))

    def error_sent(self, error: StreamingError, stream: StreamState | None) -> None:
        self._events.append(
            events.ErrorSent(*self._connection, error.code, str(error), error.reportable, *_ids(stream))
        )

    def refresh_refused(self, reason: AccessRefusal) -> None:
        """The token of an ``auth_refresh`` was not accepted."""
        self._events.append(events.TokenRefused(reason, events.TokenCarrier.REFRESH, self.session_id))

    def rejected(self, content_type: ContentType | None, error: StreamingError) -> None:
        """``content_type`` is ``None`` for a request that could not be decoded."""
        outcome = events.Outcome.ERROR if error.reportable else events.Outcome.REJECTED
        self._events.append(events.RequestRejected(*self._connection, content_type, error.code, outcome))

    def rate_limit_hit(self, limit: int) -> None:
        self._events.append(events.RateLimitHit(self.session_id, limit))

    def admitted(self, stream: StreamState, decision: AdmissionDecided, limits: Limits) -> None:
        stream.admission_recorded = True
        self._requests += 1
        request, number = stream.request, decision.admission.requests_used
        self._events.append(
            events.RequestAdmitted(
                *self._stream(stream),
                speed=request.speed,
                chunk_by=request.chunk_by,
                html_mode=request.html_mode,
                has_request_id=request.request_id is not UNSET,
                content_bytes=stream.content_bytes,
                number=number,
                times=stream.times(),
                subject=self._subject,
            )
        )
        if number == limits.warn_at_requests:
            self._events.append(events.RateLimitApproached(self.session_id, number, limits.max_requests))

    def started(self, stream: StreamState, preparation: Preparation) -> None:
        plan = preparation.plan
        self._events.append(
            events.StreamStarted(
                *self._stream(stream),
                complexity=plan.complexity,
                speed=plan.speed,
                adaptive=stream.request.speed is Speed.ADAPTIVE,
                word_count=plan.word_count,
                removed=plan.removed,
                chunks=len(plan.chunks),
                times=stream.times(),
                processing_seconds=preparation.seconds,
                stages=preparation.stages,
                paused=stream.paused,
            )
        )
        if (stage := _replaced_stage(plan)) is not None:
            self._events.append(events.FallbackUsed(*self._stream(stream), stage))

    def recovered(self, stream: StreamState, recovered: RecoveredStream) -> None:
        stream.admission_recorded = True
        self._events.append(
            events.StreamRecovered(
                *self._stream(stream),
                next_index=stream.active_delivery.index,
                chunks=len(recovered.plan.chunks),
                takeovers=stream.epoch,
                repeated=stream.repeats is not None,
                times=stream.times(),
                paused=stream.paused,
            )
        )

    def recovery_refused(self, stream_id: str, reason: RefusalReason) -> None:
        self._events.append(events.RecoveryRefused(*self._connection, stream_id, reason))

    def first_chunk(self, stream: StreamState, seconds: float) -> None:
        self._events.append(
            events.FirstChunkSent(stream.stream_id, stream.admitted_trace, stream.content_type, seconds)
        )

    def chunks(self, stream: StreamState, first: int, pieces: Iterable[Piece]) -> None:
        """Chunks from index ``first`` on were sent. For ``records_content`` only."""
        for index, (data, _) in enumerate(pieces, first):
            self._events.append(events.ChunkSent(stream.stream_id, stream.admitted_trace, index, data))

    def pause_changed(self, stream: StreamState) -> None:
        self._events.append(
            events.StreamPauseChanged(self.session_id, stream.stream_id, stream.admitted_trace, stream.paused)
        )

    def skip_requested(self, stream: StreamState) -> None:
        self._events.append(events.StreamSkipRequested(self.session_id, *_ids(stream)))

    def reported(self, report: ClientReport) -> None:
        """A client reports what it measured; without effect if that is not expected."""
        trace = None if self._reportable is None else self._reportable.take(report.stream_id)
        if trace is None:
            return
        self._events.append(
            events.ClientReported(
                self.session_id,
                report.stream_id,
                trace,
                first_chunk_seconds=_seconds(report.first_chunk_ms),
                gap_seconds=_seconds(report.longest_gap_ms),
                breaks=report.breaks,
            )
        )

    def ended(self, stream: StreamState, outcome: events.Outcome, error: StreamingError | None, now: float) -> None:
        delivery, failure = stream.delivery, stream.failure
        if self._reportable is not None and delivery is not None:
            self._reportable.add(stream)
        self._events.append(
            events.StreamEnded(
                *self._stream(stream),
                outcome=outcome,
                paused=stream.paused,
                chunks=delivery.index - delivery.first_index if delivery else 0,
                bytes=delivery.bytes - delivery.first_bytes if delivery else 0,
                paused_seconds=delivery.paused_seconds(now) if delivery else 0.0,
                times=stream.times(now),
                counted=stream.record is not None and stream.record.counted,
                resumable=stream.resumable,
                error=error.code if error else None,
                processing_seconds=failure.seconds if failure else None,
                stages=failure.stages if failure else (),
                subject=self._subject,
            )
        )

    def reading_ended(self, stream: StreamState, event: events.LiveReaderDetached) -> None:
        """A live stream that had started has ended for the connection."""
        if self._reportable is not None:
            self._reportable.add(stream)
        self._events.append(event)

    def _stream(self, stream: StreamState) -> tuple[str, str, str, Trace, ContentType]:
        """Return the first fields of an event of an admitted stream."""
        return *self._connection, stream.stream_id, stream.admitted_trace, stream.content_type


def _seconds(milliseconds: int | UnsetType) -> float | None:
    return None if isinstance(milliseconds, UnsetType) else milliseconds / 1000


def _ids(stream: StreamState | None) -> tuple[str, Trace | None]:
    return ("", None) if stream is None else (stream.stream_id, stream.trace)


def _replaced_stage(plan: Plan) -> Stage | None:
    """Return the stage that failed, if the plan was made with a fallback."""
    if plan.failure is not None:
        return Stage.CHUNK
    return Stage.SANITISE if Removal.MARKUP in plan.removed else None
