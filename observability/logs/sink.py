"""Logs: one line for what begins, one for what ends, and all that wants a look."""

from typing import assert_never

from observability.logs.logbook import Logbook
from observability.logs.tracebacks import careful_traceback, full_traceback
from observability.registry import log_events as lines
from observability.registry.metrics import RecoveryKind
from service.content.stage import Stage
from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    CacheQueried,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    Dependency,
    DependencyChanged,
    DependencyFailed,
    DrainEnded,
    DrainStarted,
    ErrorSent,
    Event,
    FallbackUsed,
    FaultRaised,
    FaultSource,
    FirstChunkSent,
    HttpRequestServed,
    LoopLagMeasured,
    MessageReceived,
    MessagesSent,
    RateLimitApproached,
    RateLimitHit,
    RecoveryRefused,
    RequestAdmitted,
    RequestRejected,
    ServerListening,
    ServerStarted,
    StoredInMemory,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
    TickerSwept,
    UsageDropped,
    WorkerReplaced,
)
from service.protocol.trace import Trace

_QUOTED_CHARACTERS = 200
_STEPS = {Stage.SANITISE: "Sanitising", Stage.CHUNK: "Chunking"}
"""The stages that have a fallback."""
_MEANWHILE = {
    Dependency.SESSION_STORE: "streams go on, but one that breaks off cannot be recovered, and each process counts the "
    "requests of a session by itself",
    Dependency.PLAN_CACHE: "content is worked on anew, unless this process has met it before",
    Dependency.USAGE_STORE: "usage waits in the queue; what does not fit there is lost",
    Dependency.DATABASE: "usage waits in the file in DATA_DIR, and nothing is lost",
}
_LATE_SECONDS = 0.1
_NEAR_CONTENT = frozenset({FaultSource.CONTENT, FaultSource.CONNECTION})
"""Where an exception's words may quote what a client sent. Elsewhere they may even quote headers, query strings, or the
address of a store with its password."""


class LogSink:
    """A sink that writes lines into the logbook: each event of the core that is worth one."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook

    def record(self, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one match over all events
        say = self._logbook.say
        match event:
            case TickerSwept() | MessageReceived() | MessagesSent() | RequestRejected() | RateLimitHit():
                pass  # an ErrorSent comes with each of the last two
            case DependencyFailed() | CacheQueried():
                pass  # counted
            case LoopLagMeasured():
                self._logbook.beat()
                if event.lag_seconds > _LATE_SECONDS:
                    say(lines.LOOP_LATE, lag_ms=_milliseconds(event.lag_seconds))
            case ConnectionAttempted():
                self._attempted(event)
            case ConnectionOpened():
                say(
                    lines.CONNECTION_OPENED,
                    session_id=event.session_id,
                    connection_id=event.connection_id,
                    requests_used=event.requests_used,
                )
            case ConnectionClosed():
                say(
                    lines.CONNECTION_CLOSED,
                    session_id=event.session_id,
                    connection_id=event.connection_id,
                    reason=event.reason,
                    code=event.code,
                    seconds=round(event.duration_seconds, 3),
                    requests=event.requests,
                )
            case RequestAdmitted():
                self._admitted(event)
            case RateLimitApproached():
                say(lines.RATE_LIMIT_APPROACHING, session_id=event.session_id, used=event.used, limit=event.limit)
            case StreamStarted():
                say(
                    lines.STREAM_STARTED,
                    **_stream(event),
                    complexity=event.complexity,
                    words=event.word_count,
                    **({"removed": event.removed} if event.removed else {}),
                    chunks=event.chunks,
                    speed_choice="adaptive" if event.adaptive else "requested",
                    speed=event.speed,
                    queued_ms=_milliseconds(event.queued_seconds),
                    processing_ms=_milliseconds(event.processing_seconds),
                )
            case FallbackUsed():
                say(lines.FALLBACK_USED, **_stream(event), step=_STEPS[event.stage], content_type=event.content_type)
            case FirstChunkSent():
                say(
                    lines.FIRST_CHUNK_SENT,
                    trace_id=event.trace.trace_id,
                    span_id=event.trace.span_id,
                    stream_id=event.stream_id,
                    ms=_milliseconds(event.seconds),
                )
            case StreamRecovered():
                say(
                    lines.STREAM_RECOVERED,
                    **_stream(event),
                    result=RecoveryKind.of(repeated=event.repeated),
                    next_index=event.next_index,
                    chunks=event.chunks,
                    takeovers=event.takeovers,
                    waited_ms=_milliseconds(event.waited_seconds),
                )
            case RecoveryRefused():
                who = {"session_id": event.session_id, "connection_id": event.connection_id}
                say(lines.RECOVERY_REFUSED, **who, reason=event.reason)
                say(lines.RECOVERY_EXPLAINED, **who, quote=event.stream_id[:_QUOTED_CHARACTERS])
            case StreamPauseChanged():
                line = lines.STREAM_PAUSED if event.paused else lines.STREAM_RESUMED
                say(line, **_traced(event.trace), session_id=event.session_id, stream_id=event.stream_id)
            case StreamSkipRequested():
                stream = {"stream_id": event.stream_id} if event.stream_id else {}
                say(lines.STREAM_SKIPPED, **_traced(event.trace), session_id=event.session_id, **stream)
            case BackpressureApplied():
                say(lines.BACKPRESSURE_APPLIED, **_known(event))
            case BackpressureReleased():
                say(lines.BACKPRESSURE_RELEASED, **_known(event), seconds=round(event.seconds, 3))
            case StreamEnded():
                say(
                    lines.STREAM_ENDED,
                    **_stream(event),
                    outcome=event.outcome,
                    chunks=event.chunks,
                    bytes=event.bytes,
                    seconds=round(event.duration_seconds, 3),
                    resumable=event.resumable,
                    **({} if event.error is None else {"code": event.error}),
                )
            case ErrorSent():
                say(lines.ERROR_ANSWERED, **_known(event), code=event.code)
                say(lines.ERROR_EXPLAINED, **_known(event), code=event.code, quote=event.message)
            case FaultRaised():
                self._fault(event)
            case HttpRequestServed():
                say(
                    lines.HTTP_ANSWERED,
                    method=event.method,
                    route=event.route or "-",
                    status=event.status,
                    ms=_milliseconds(event.seconds),
                )
            case DependencyChanged():
                self._changed(event)
            case UsageDropped():
                say(lines.USAGE_DROPPED, rows=event.rows)
            case StoredInMemory():
                say(lines.STORE_IN_MEMORY, what=event.what, reason=_clause(event.reason))
            case ServerStarted():
                say(lines.SERVICE_STARTED, version=event.version, settings=event.settings)
                if event.settings["ALLOWED_ORIGINS"] == "*":
                    say(lines.EVERY_ORIGIN_ALLOWED)
            case ServerListening():
                say(lines.SERVICE_LISTENING, host=event.host, port=event.port, purpose=event.purpose)
            case WorkerReplaced():
                say(lines.WORKER_REPLACED, pid=event.pid, exit_code=event.exit_code)
            case DrainStarted():
                say(lines.DRAIN_BEGAN, connections=event.connections)
            case DrainEnded():
                say(lines.DRAIN_ENDED, seconds=round(event.seconds, 3), cut=event.interrupted)
            case _:
                assert_never(event)

    def _attempted(self, event: ConnectionAttempted) -> None:
        session = {"session_id": event.session_id} if event.session_id else {}
        match event.outcome:
            case AttemptOutcome.ACCEPTED | AttemptOutcome.ERROR:
                pass  # a ConnectionOpened follows, or a FaultRaised
            case AttemptOutcome.REFUSED_CAPACITY:
                self._logbook.say(lines.SERVER_FULL, **session)
            case AttemptOutcome.REFUSED_SESSION | AttemptOutcome.REFUSED_ORIGIN | AttemptOutcome.REFUSED_DRAINING:
                self._logbook.say(lines.CONNECTION_REFUSED, **session, outcome=event.outcome)
            case _:
                assert_never(event.outcome)

    def _admitted(self, event: RequestAdmitted) -> None:
        self._logbook.say(
            lines.STREAM_REQUESTED,
            **_stream(event),
            number=event.number,
            content_type=event.content_type,
            bytes=event.content_bytes,
            sampled=event.trace.sampled,
        )
        self._logbook.say(
            lines.REQUEST_OPTIONS,
            **_stream(event),
            speed=event.speed,
            chunk_by=event.chunk_by,
            html_mode=event.html_mode,
            has_request_id=event.has_request_id,
        )

    def _changed(self, event: DependencyChanged) -> None:
        if event.up:
            self._logbook.say(lines.DEPENDENCY_BACK, dependency=event.dependency)
            return
        self._logbook.say(
            lines.DEPENDENCY_AWAY,
            dependency=event.dependency,
            reason=_clause(event.reason),
            meanwhile=_MEANWHILE[event.dependency],
        )

    def _fault(self, event: FaultRaised) -> None:
        fields = {"error_id": event.error_id, "place": event.source, **_known(event)}
        if self._logbook.admits_traceback():
            freely = event.source in _NEAR_CONTENT and self._logbook.detailed
            fields["exception"] = (full_traceback if freely else careful_traceback)(event.exception)
        self._logbook.say(lines.FAULT_RAISED, **fields)


def _stream(event: RequestAdmitted | StreamStarted | FallbackUsed | StreamRecovered | StreamEnded) -> dict[str, str]:
    return _traced(event.trace) | {
        "session_id": event.session_id,
        "connection_id": event.connection_id,
        "stream_id": event.stream_id,
    }


def _traced(trace: Trace | None) -> dict[str, str]:
    return {} if trace is None else {"trace_id": trace.trace_id, "span_id": trace.span_id}


def _known(event: BackpressureApplied | BackpressureReleased | ErrorSent | FaultRaised) -> dict[str, str]:
    """The ids that there are."""
    ids = {"session_id": event.session_id, "connection_id": event.connection_id, "stream_id": event.stream_id}
    return _traced(event.trace) | {name: value for name, value in ids.items() if value}


def _clause(sentence: str) -> str:
    """To go on from."""
    return sentence.rstrip(".")


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
