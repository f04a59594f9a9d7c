"""The sink that writes log lines."""

from typing import assert_never

from msgspec.structs import asdict

from observability.logs.event_ids import event_ids, milliseconds
from observability.logs.event_logger import EventLogger
from observability.logs.live_log import LiveLog
from observability.logs.tracebacks import safe_traceback
from observability.registry import access_lines, connection_lines, process_lines, socket_lines, stream_lines
from observability.registry.metric_types import RecoveryKind
from service import events
from service.content.stage import Stage
from service.events import AttemptOutcome, Dependency, Outcome
from service.protocol.errors import ErrorCode
from service.setting_values import is_loopback

_MAX_QUOTED_CHARACTERS = 200
_MAX_CHUNK_CHARACTERS = 500
"""JSON writes a character in at most six bytes, so that the line fits ``PIPE_BUF``."""
_STAGES = {Stage.SANITISE: "Sanitising", Stage.CHUNK: "Chunking"}
"""The stages that have a fallback."""
_IMPACT = {
    Dependency.SESSION_STORE: "active streams continue but cannot be recovered, and each process counts the requests "
    "of a session separately",
    Dependency.STREAM_WRITES: "streams that start now cannot be recovered, and others not by another process",
    Dependency.STREAM_READS: "interrupted streams cannot be recovered; clients repeat their requests",
    Dependency.ACCESS_STORE: "quotas do not apply, keys that this process does not have are refused, and new "
    "revocations take effect when it is available",
    Dependency.LIVE_STORE: "producers of live streams wait, and their readers see nothing new",
    Dependency.PLAN_CACHE: "content is prepared again unless this process has it in its own cache",
    Dependency.TOKEN_KEYS: "tokens are checked against the last keys; those with a new key are refused",
    Dependency.USAGE_STORE: "usage waits in the queue; rows that exceed it are dropped",
    Dependency.DATABASE: "usage waits in the file in DATA_DIR; no row is lost",
}
_ERROR_LINES = {
    ErrorCode.RATE_LIMIT_EXCEEDED: connection_lines.RATE_LIMIT_EXCEEDED,
    ErrorCode.CONTENT_TOO_LARGE: connection_lines.CONTENT_TOO_LARGE,
    ErrorCode.CHUNKING_ERROR: connection_lines.CONTENT_TOO_LARGE,  # sent only for HTML that grew over its limit
    ErrorCode.SESSION_TIMEOUT: connection_lines.SESSION_TIMEOUT,
    ErrorCode.PROCESSING_ERROR: connection_lines.CONTENT_TOO_COSTLY,
}
"""Of errors that are no fault of the service."""


class LogSink:
    """Writes the line or lines that belong to an event."""

    def __init__(self, logger: EventLogger) -> None:
        self._logger = logger
        self._live = LiveLog(logger)

    def record(self, event: events.Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one match over all events
        log = self._logger.log
        match event:
            case events.MessageReceived() | events.MessagesSent():
                pass
            case events.RequestRejected() | events.RateLimitHit():
                pass  # an ErrorSent follows
            case events.DependencyCalled() | events.DependencyFailed() | events.CacheQueried():
                pass
            case events.ContentQueueChanged() | events.ContentWorked() | events.ContentRefused():
                pass  # an ErrorSent follows a refusal
            case events.LoopLagMeasured():
                self._logger.report_suppressed()
            case events.LoopStalled():
                log(
                    process_lines.EVENT_LOOP_STALLED,
                    ms=round(event.total_seconds * 1000),
                    lasts=not event.ended,
                    frame=event.frame or "-",
                )
            case events.ConnectionAttempted():
                self._attempted(event)
            case events.ConnectionOpened():
                log(connection_lines.CONNECTION_OPENED, **event_ids(event), requests_used=event.requests_used)
            case events.SessionJoined():
                log(connection_lines.SESSION_JOINED, **event_ids(event), requests_used=event.requests_used)
            case events.ConnectionClosed():
                log(
                    connection_lines.CONNECTION_CLOSED,
                    **event_ids(event),
                    reason=event.reason,
                    code=event.code,
                    seconds=round(event.duration_seconds, 3),
                    requests=event.requests,
                )
            case events.RequestAdmitted():
                log(
                    stream_lines.STREAM_REQUESTED,
                    **event_ids(event),
                    number=event.number,
                    content_type=event.content_type,
                    bytes=event.content_bytes,
                    speed=event.speed,
                    chunk_by=event.chunk_by,
                    html_mode=event.html_mode,
                    has_request_id=event.has_request_id,
                    sampled=event.trace.sampled,
                )
            case events.RateLimitApproached():
                log(connection_lines.RATE_LIMIT_APPROACHING, **event_ids(event), used=event.used, limit=event.limit)
            case events.StreamStarted():
                self._started(event)
            case events.FallbackUsed():
                stage = _STAGES[event.stage]
                log(stream_lines.FALLBACK_USED, **event_ids(event), stage=stage, content_type=event.content_type)
            case events.FirstChunkSent():
                log(stream_lines.FIRST_CHUNK_SENT, **event_ids(event), ms=milliseconds(event.seconds))
            case events.ChunkSent():
                quote = event.data[:_MAX_CHUNK_CHARACTERS]
                log(stream_lines.CHUNK_SENT, **event_ids(event), index=event.index, quote=quote)
            case events.StreamRecovered():
                log(
                    stream_lines.STREAM_RECOVERED,
                    **event_ids(event),
                    result=RecoveryKind.of(repeated=event.repeated),
                    next_index=event.next_index,
                    chunks=event.chunks,
                    takeovers=event.takeovers,
                    waited_ms=milliseconds(event.times.waited_seconds),
                )
            case events.RecoveryRefused():
                connection = {"session_id": event.session_id, "connection_id": event.connection_id}
                log(stream_lines.RECOVERY_REFUSED, **connection, reason=event.reason)
                log(stream_lines.RECOVERY_DETAIL, **connection, quote=event.stream_id[:_MAX_QUOTED_CHARACTERS])
            case events.StreamPauseChanged():
                line = stream_lines.STREAM_PAUSED if event.paused else stream_lines.STREAM_RESUMED
                log(line, **event_ids(event))
            case events.StreamSkipRequested():
                log(stream_lines.STREAM_SKIPPED, **event_ids(event))
            case events.BackpressureApplied():
                log(connection_lines.BACKPRESSURE_APPLIED, **event_ids(event))
            case events.BackpressureReleased():
                log(connection_lines.BACKPRESSURE_RELEASED, **event_ids(event), seconds=round(event.seconds, 3))
            case events.StreamEnded():
                self._ended(event)
            case events.ClientReported():
                times = {"first_chunk_seconds": event.first_chunk_seconds, "gap_seconds": event.gap_seconds}
                known = {name: seconds for name, seconds in times.items() if seconds is not None}
                log(stream_lines.CLIENT_REPORTED, **event_ids(event), **known, breaks=event.breaks)
            case events.ErrorSent():
                fields = event_ids(event) | {"code": event.code}
                mistake = _ERROR_LINES.get(event.code, connection_lines.ERROR_SENT)
                log(connection_lines.PROCESSING_FAILED if event.fault else mistake, **fields)
                log(connection_lines.ERROR_DETAIL, **fields, quote=event.message[:_MAX_QUOTED_CHARACTERS])
            case events.FaultRaised():
                fields = {"error_id": event.error_id, "source": event.source, **event_ids(event)}
                if event.principal is not None:
                    fields["subject"] = event.principal.subject
                if self._logger.admits_traceback():
                    fields["exception"] = safe_traceback(event.exception)
                log(process_lines.FAULT_RAISED, **fields)
            case events.HttpRequestServed():
                request = {"method": event.method, "route": event.route or "-", "status": event.status}
                log(process_lines.HTTP_REQUEST_SERVED, **request, ms=milliseconds(event.seconds))
            case events.DependencyChanged():
                if event.up:
                    log(process_lines.DEPENDENCY_RECOVERED, dependency=event.dependency)
                else:
                    fields = {"dependency": event.dependency, "reason": _clause(event.reason)}
                    log(process_lines.DEPENDENCY_UNAVAILABLE, **fields, impact=_IMPACT[event.dependency])
            case events.ContentWorkKilled():
                log(process_lines.CONTENT_WORK_KILLED, reason=event.reason, content_type=event.content_type)
            case events.UsageDropped():
                log(process_lines.USAGE_DROPPED, rows=event.rows)
            case events.StoreLimitReached():
                log(process_lines.STORE_LIMIT_REACHED, **event_ids(event), limit=event.limit)
            case events.StoreMeasured():
                pass
            case events.StoredInMemory():
                log(process_lines.STORE_IN_MEMORY, store=event.what, reason=_clause(event.reason))
            case events.ServerStarted():
                log(process_lines.SERVICE_STARTED, version=event.version, settings=event.settings)
                if event.first:
                    self._report_settings(event)
            case events.ServerListening():
                log(process_lines.SERVICE_LISTENING, host=event.host, port=event.port, purpose=event.purpose)
            case events.SocketLimitSet():
                if event.descriptors < event.needed:
                    limits = {"descriptors": event.descriptors, "needed": event.needed, "sockets": event.sockets}
                    log(socket_lines.SOCKET_LIMIT_LOW, **limits)
            case events.PendingSocketsCounted():
                pass
            case events.SocketDropped():
                log(socket_lines.SOCKET_DROPPED, reason=event.reason)
            case events.AcceptPaused():
                log(socket_lines.ACCEPT_PAUSED, reason=event.reason)
            case events.AcceptResumed():
                log(socket_lines.ACCEPT_RESUMED, seconds=round(event.seconds, 3))
            case events.WorkerReplaced():
                fields = asdict(event)
                if not event.stack:
                    del fields["stack"]
                log(process_lines.WORKER_REPLACED, **fields)
            case events.DrainStarted():
                log(process_lines.DRAIN_STARTED, connections=event.connections)
            case events.DrainEnded():
                log(process_lines.DRAIN_ENDED, seconds=round(event.seconds, 3), interrupted=event.interrupted)
            case events.TokenRefused():
                log(access_lines.TOKEN_REFUSED, **event_ids(event), reason=event.reason.label, carrier=event.carrier)
            case events.QuotaRefused():
                log(access_lines.QUOTA_REFUSED, **event_ids(event), quota=event.kind, owner=event.owner)
            case events.KeyMade():
                log(access_lines.KEY_MADE, **asdict(event))
            case events.TokensRevoked():
                fields = {name: value for name, value in asdict(event).items() if value or name == "issuer"}
                log(access_lines.TOKENS_REVOKED, **fields)
            case events.TokenChecked() | events.TokenKeysFetched() | events.RevocationsRead():
                pass
            case events.QuotasUnavailable():
                pass  # a DependencyChanged came before
            case (
                events.LiveStreamCreated()
                | events.LiveAppendsStored()
                | events.AppendRefused()
                | events.LiveStreamAdopted()
                | events.LiveStreamEnded()
                | events.ProducerStalled()
                | events.ProducerContinued()
                | events.ProducerLost()
                | events.LiveStreamsCounted()
                | events.PublishSocketsCounted()
                | events.LiveReaderAttached()
                | events.LiveFirstChunkSent()
                | events.LiveReaderDetached()
                | events.LiveMeasured()
            ):
                self._live.record(event)
            case _:
                assert_never(event)

    def _report_settings(self, event: events.ServerStarted) -> None:
        """What the settings admit, and an operator may not want."""
        log = self._logger.log
        if event.settings["LOG_CONTENT"] == "on":
            log(process_lines.CONTENT_LOGGED)
        if event.settings["ALLOWED_ORIGINS"] == "*":
            log(process_lines.EVERY_ORIGIN_ALLOWED)
        if event.settings["AUTH_MODE"] == "none" and not is_loopback(event.settings["HOST"]):
            log(process_lines.EVERY_CLIENT_ADMITTED)
        for name in event.unknown:
            log(process_lines.SETTING_UNKNOWN, name=name)
        if _serves_public_metrics(event.settings):
            log(process_lines.METRICS_PUBLIC)

    def _attempted(self, event: events.ConnectionAttempted) -> None:
        match event.outcome:
            case AttemptOutcome.ACCEPTED | AttemptOutcome.ERROR:
                pass  # a ConnectionOpened, a FaultRaised or a TokenRefused follows
            case AttemptOutcome.REFUSED_CAPACITY:
                self._logger.log(connection_lines.CONNECTION_LIMIT_REACHED, **event_ids(event))
            case (
                AttemptOutcome.REFUSED_SESSION
                | AttemptOutcome.REFUSED_ORIGIN
                | AttemptOutcome.REFUSED_DRAINING
                | AttemptOutcome.REFUSED_ADDRESS
                | AttemptOutcome.REFUSED_TOKEN
                | AttemptOutcome.REFUSED_QUOTA
                | AttemptOutcome.REFUSED_SECRET
            ):
                self._logger.log(connection_lines.CONNECTION_REFUSED, **event_ids(event), outcome=event.outcome)
            case _:
                assert_never(event.outcome)

    def _started(self, event: events.StreamStarted) -> None:
        self._logger.log(
            stream_lines.CONTENT_ANALYSED,
            **event_ids(event),
            complexity=event.complexity,
            words=event.word_count,
            **({"removed": event.removed} if event.removed else {}),
            chunks=event.chunks,
            speed=event.speed,
            queued_ms=milliseconds(event.times.queued_seconds),
            processing_ms=milliseconds(event.processing_seconds),
        )
        if event.adaptive:
            self._logger.log(stream_lines.ADAPTIVE_SPEED_SELECTED, **event_ids(event), speed=event.speed)

    def _ended(self, event: events.StreamEnded) -> None:
        complete = event.outcome in {Outcome.COMPLETED, Outcome.SKIPPED}
        self._logger.log(
            stream_lines.STREAM_COMPLETED if complete else stream_lines.STREAM_ENDED,
            **event_ids(event),
            outcome=event.outcome,
            chunks=event.chunks,
            bytes=event.bytes,
            seconds=round(event.times.streamed_seconds, 3),
            resumable=event.resumable,
            **({} if event.error is None else {"code": event.error}),
        )


def _serves_public_metrics(settings: dict[str, str]) -> bool:
    """Whether /metrics is served without a token, on the port of the clients, beyond this machine."""
    if is_loopback(settings["HOST"]) or settings["METRICS_TOKEN"] or settings["METRICS_PORT"]:
        return False
    return settings["AUTH_MODE"] == "none"


def _clause(sentence: str) -> str:
    """The sentence without its full stop, to be continued."""
    return sentence.rstrip(".")
