"""The messages about a live stream that are the same on a socket and in server-sent events."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from service.content.live.piece import LivePiece
from service.live.lease import LEASE_SECONDS, STALLED_SECONDS
from service.live.records import LiveRecord, LiveState
from service.protocol.instant import Instant, iso
from service.protocol.messages import Complexity, ContentType, Speed
from service.protocol.server_messages import (
    Chunk,
    CompletionMetadata,
    ServerMessage,
    StreamComplete,
    StreamContinued,
    StreamInterrupted,
    StreamMetadata,
    StreamStalled,
    StreamStart,
)
from service.session.live_delivery import LiveDelivery


def label_of(record: LiveRecord, request_id: str | UnsetType) -> str | UnsetType:
    """Return the label in messages: that of the ``watch``, else that of the producer."""
    return request_id if request_id is not UNSET or record.request_id is None else record.request_id


def stream_start(
    record: LiveRecord, speed: Speed, settled: int, request_id: str | UnsetType, now: Instant
) -> StreamStart:
    return StreamStart(
        total_chunks=0,
        content_type=record.content_type,
        timestamp=now.timestamp,
        stream_id=record.stream_id,
        trace_id=record.trace.trace_id,
        resumable=False,
        metadata=StreamMetadata(
            complexity=Complexity.LOW,
            word_count=0,
            has_html=record.content_type is not ContentType.TEXT,
            speed_used=speed,
            processing_time_ms=0.0,
            avg_chunk_size=0.0,
            max_chunk_size=0,
            chunk_count=0,
            estimated_duration_ms=0,
        ),
        request_id=label_of(record, request_id),
        live=True,
        settled=settled,
    )


def chunk(piece: LivePiece, index: int, now: Instant) -> Chunk:
    return Chunk(piece.data, index, now.timestamp, piece.close, piece.settled, piece.start)


def changes(
    record: LiveRecord, shown: LiveState, state: LiveState, resume_seconds: float, now: Instant
) -> Iterator[ServerMessage]:
    """Return what a reader who was shown one state receives about another one, unless it is the end.

    ``shown`` is ``OPEN`` for a reader who has just been attached; the record is as it was then.
    """
    stream_id = record.stream_id
    if shown is LiveState.INTERRUPTED or (shown is LiveState.STALLED and state is LiveState.OPEN):
        yield StreamContinued(now.timestamp, stream_id)
    if state is LiveState.STALLED:
        yield StreamStalled(now.timestamp, stream_id, round(max(STALLED_SECONDS, record.silent_seconds)))
    elif state is LiveState.INTERRUPTED:
        since = max(0.0, record.silent_seconds - LEASE_SECONDS)
        yield StreamInterrupted(now.timestamp, stream_id, iso(now.wall + resume_seconds - since))


def stream_complete(
    record: LiveRecord, delivery: LiveDelivery, session_id: str, request_id: str | UnsetType, now: Instant
) -> StreamComplete:
    return StreamComplete(
        total_chunks=delivery.index,
        session_id=session_id,
        timestamp=now.timestamp,
        stream_id=record.stream_id,
        metadata=CompletionMetadata(
            duration_ms=round((now.seconds - delivery.started_at) * 1000),
            bytes=delivery.bytes,
            skipped=delivery.skipped,
        ),
        request_id=label_of(record, request_id),
        live=True,
    )
