"""The events of a live stream: its producer stalls, is lost, and is replaced; two readers see all of it."""

from collections.abc import Iterator

from service.events import (
    DEFINITION_WAIT_SECONDS,
    FIRST_APPENDS,
    HELD_BACK_SECONDS,
    LIVE_GAP_SECONDS,
    SOURCE_TO_SOCKET_SECONDS,
    AppendRefused,
    Distribution,
    LiveAppendsStored,
    LiveEvent,
    LiveFirstChunkSent,
    LiveMeasured,
    LiveOutcome,
    LiveReaderAttached,
    LiveReaderDetached,
    LiveStreamAdopted,
    LiveStreamCreated,
    LiveStreamEnded,
    LiveStreamsCounted,
    ProducerContinued,
    ProducerLost,
    ProducerStalled,
    PublishSocketsCounted,
    ReadingEnd,
    ReadingWay,
    RefusedAppend,
)
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, Speed
from service.protocol.trace import Trace

CREATED_AT = 1_800_000_000.0
MARKDOWN = ContentType.MARKDOWN


def counted(bounds: tuple[float, ...], *values: tuple[int, float]) -> Distribution:
    """Observations by bucket: each with the place of its bucket, and its value."""
    counts = [0] * (len(bounds) + 1)
    for place, _ in values:
        counts[place] += 1
    return Distribution(tuple(counts), sum(value for _, value in values))


def measured() -> LiveMeasured:
    return LiveMeasured(
        chunks=3,
        replacements=1,
        source_to_socket=counted(SOURCE_TO_SOCKET_SECONDS, (0, 0.0), (6, 0.25), (6, 0.125)),
        gaps=counted(LIVE_GAP_SECONDS, (3, 0.0625), (3, 0.0625)),
        held_back=counted(HELD_BACK_SECONDS, (3, 0.25)),
        definition_waits=counted(DEFINITION_WAIT_SECONDS, (1, 4.0)),
        first_appends=counted(FIRST_APPENDS, (1, 2.0)),
        awaiting_definition=2,
    )


def live_ended(trace: Trace, session_id: str, stream_id: str, subject: str, outcome: LiveOutcome) -> LiveStreamEnded:
    return LiveStreamEnded(
        session_id,
        stream_id,
        trace,
        MARKDOWN,
        outcome,
        bytes=1000,
        epochs=1,
        created_at=CREATED_AT,
        ended_at=CREATED_AT + 30,
        speed=Speed.ADAPTIVE,
        chunk_by=ChunkBy.WORD,
        subject=subject,
    )


def live_events(trace: Trace, session_id: str, stream_id: str, subject: str) -> Iterator[LiveEvent]:
    of_stream = (session_id, stream_id, trace)
    yield LiveStreamCreated(*of_stream, MARKDOWN, Speed.ADAPTIVE, ChunkBy.WORD, subject)
    yield LiveStreamsCounted(open=6, stalled=2, interrupted=1)
    yield PublishSocketsCounted(open=4)
    for connection_id, way in (("c1", ReadingWay.UNASKED), ("c2", ReadingWay.WATCH)):
        late = way is ReadingWay.WATCH
        yield LiveReaderAttached(
            connection_id,
            *of_stream,
            MARKDOWN,
            HtmlMode.INCREMENTAL,
            way,
            late=late,
            settled=7,
        )
    yield LiveAppendsStored(streams=2, appends=5, bytes=40, seconds=0.25, longest_seconds=0.5, undurable_bytes=12)
    yield LiveFirstChunkSent(stream_id, trace, MARKDOWN, 0.5)
    yield ProducerStalled(*of_stream)
    yield ProducerContinued(*of_stream, silent_seconds=7.5)
    yield ProducerLost(*of_stream, bytes=40)
    yield LiveStreamAdopted(*of_stream, epoch=1, silent_seconds=16.0)
    yield AppendRefused(RefusedAppend.FENCED, session_id, stream_id)
    yield measured()
    yield live_ended(trace, session_id, stream_id, subject, LiveOutcome.COMPLETE)
    for connection_id, way in (("c1", ReadingWay.UNASKED), ("c2", ReadingWay.WATCH)):
        yield LiveReaderDetached(
            connection_id,
            *of_stream,
            MARKDOWN,
            way,
            ReadingEnd.COMPLETE,
            seconds=29.5,
            chunks=12,
            bytes=900,
            replacements=1,
            first_chunk_seconds=0.5 if way is ReadingWay.UNASKED else None,
            longest_gap_seconds=16.5,
            longest_wait_seconds=0.25,
            paused_seconds=1.5,
        )
