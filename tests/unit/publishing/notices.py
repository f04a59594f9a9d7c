"""Records and notices for tests."""

from service.live.ports import LiveNotice, SourceStored, StreamCreated, StreamTouched
from service.live.records import LiveRecord, LiveStatus
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.trace import Trace


def a_record(stream_id: str = "stream", session_key: str = "session", **changes: object) -> LiveRecord:
    fields: dict[str, object] = {
        "content_type": ContentType.TEXT,
        "speed": Speed.ADAPTIVE,
        "chunk_by": ChunkBy.WORD,
        "trace": Trace("0" * 31 + "1", "0" * 15 + "1", sampled=True),
    } | changes
    return LiveRecord(stream_id=stream_id, session_key=session_key, session_id=session_key, space="", **fields)  # type: ignore[arg-type]


def stored(
    offset: int, data: bytes, status: LiveStatus = LiveStatus.OPEN, *, stream_id: str = "stream", epoch: int = 0
) -> SourceStored:
    return SourceStored(stream_id, epoch, offset, data, status)


def one_of_each() -> list[LiveNotice]:
    return [StreamCreated(a_record()), stored(3, b"\xffabc", LiveStatus.COMPLETE), StreamTouched("stream", 2)]
