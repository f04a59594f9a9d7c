"""The larger messages of the service."""

from msgspec import UNSET

from service import __version__
from service.access.principal import Principal
from service.protocol.instant import Instant, iso
from service.protocol.limits import Limits
from service.protocol.messages import RefusalReason
from service.protocol.server_messages import (
    CompletionMetadata,
    Connected,
    SessionLimits,
    StreamComplete,
    StreamMetadata,
    StreamRecovered,
    StreamStart,
)
from service.session.options import SessionOptions
from service.session.ports import Preparation
from service.session.records import SessionSnapshot
from service.session.recovery import RecoveredStream
from service.session.stream_state import StreamState


def connected(  # noqa: PLR0913 - independent facts
    session_id: str,
    snapshot: SessionSnapshot,
    limits: Limits,
    now: Instant,
    *,
    token: str | None,
    options: SessionOptions,
    principal: Principal | None = None,
) -> Connected:
    expires_at = None if principal is None else principal.expires_at
    return Connected(
        session_id=session_id,
        timestamp=now.timestamp,
        limits=SessionLimits(
            max_requests=limits.max_requests,
            max_content_size=limits.max_content_bytes,
            max_session_duration=_plain(limits.max_session_seconds),
            idle_timeout=_plain(limits.idle_timeout_seconds),
            chunk_timeout=_plain(limits.chunk_timeout_seconds),
            max_chunk_size=limits.max_chunk_characters,
            resume_ttl=_plain(limits.resume_seconds),
        ),
        version=__version__,
        requests_left=max(0, limits.max_requests - snapshot.requests_used),
        session_expires_at=iso(now.wall + snapshot.seconds_left),
        resume_token=UNSET if token is None else token,
        client_reports=options.client_reports or UNSET,
        auth_expires_at=UNSET if expires_at is None else iso(expires_at),
    )


def stream_start(stream: StreamState, preparation: Preparation, now: Instant) -> StreamStart:
    plan = preparation.plan
    chunks = len(plan.chunks)
    return StreamStart(
        total_chunks=chunks,
        content_type=stream.content_type,
        timestamp=now.timestamp,
        stream_id=stream.stream_id,
        trace_id=stream.admitted_trace.trace_id,
        resumable=stream.resumable,
        metadata=StreamMetadata(
            complexity=plan.complexity,
            word_count=plan.word_count,
            has_html=plan.has_html,
            speed_used=plan.speed,
            processing_time_ms=round(preparation.seconds * 1000, 3),
            avg_chunk_size=round(plan.characters / chunks, 1),
            max_chunk_size=plan.longest_chunk_characters,
            chunk_count=chunks,
            estimated_duration_ms=round((chunks - 1) * plan.gap_seconds * 1000),
        ),
        request_id=stream.request_id,
    )


def stream_recovered(stream: StreamState, recovered: RecoveredStream, now: Instant) -> StreamRecovered:
    return StreamRecovered(
        stream_id=stream.stream_id,
        recovered=True,
        timestamp=now.timestamp,
        next_index=stream.active_delivery.index,
        paused=stream.paused,
        total_chunks=len(recovered.plan.chunks),
        trace_id=stream.admitted_trace.trace_id,
        request_id=stream.request_id,
    )


def recovery_refused(stream_id: str, reason: RefusalReason, now: Instant) -> StreamRecovered:
    return StreamRecovered(stream_id=stream_id, recovered=False, timestamp=now.timestamp, reason=reason)


def stream_complete(stream: StreamState, session_id: str, now: Instant) -> StreamComplete:
    delivery = stream.active_delivery
    return StreamComplete(
        total_chunks=delivery.index,
        session_id=session_id,
        timestamp=now.timestamp,
        stream_id=stream.stream_id,
        metadata=CompletionMetadata(
            duration_ms=round((now.seconds - delivery.started_at) * 1000),
            bytes=delivery.bytes,
            skipped=delivery.skipped,
        ),
        request_id=stream.request_id,
    )


def _plain(seconds: float) -> int | float:
    """Return whole seconds as an integer: clients have always received them so."""
    return int(seconds) if seconds == int(seconds) else seconds
