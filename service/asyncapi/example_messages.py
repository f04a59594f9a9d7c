"""The larger messages of example conversations, and the values that they share."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET, UnsetType

from service.access.principal import Principal
from service.access.scope import Grant, Scope
from service.protocol.instant import Instant, iso
from service.protocol.limits import Limits
from service.protocol.messages import GAP_SECONDS, Complexity, ContentType, Speed
from service.protocol.server_messages import (
    Chunk,
    CompletionMetadata,
    Connected,
    StreamComplete,
    StreamMetadata,
    StreamStart,
)
from service.session import replies
from service.session.options import DEFAULT_OPTIONS, SessionOptions
from service.session.records import SessionSnapshot

SESSION_ID = "editor-7"
STREAM_ID = "d2e749dbace48f1acd96becb7d7549ab"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TOKEN = "xHC0gpavUzL5qQPhcR4_1B7uk5rzfT-4hXBtqsxmYe0"  # noqa: S105 - an example
NEXT_TOKEN = "dBnFgY9NvLu5pe2Kqih3AavVXQuySv76FfSM6kfv-nM"  # noqa: S105 - an example
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2FwcC5leGFtcGxlLmNvbSIsImF1ZCI6InN0cmV"
    "hbWluZyIsInN1YiI6InUtNDIiLCJzY29wZSI6InN0cmVhbSIsImlhdCI6MTc5NTQ2OTAwNSwiZXhwIjoxNzk1NDY5MzA1fQ."
    "opluvVP9Yg7_Hxs4Ftg0xdBDACZPV4Sqt9HrjsAAI0M"
)
NEXT_JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2FwcC5leGFtcGxlLmNvbSIsImF1ZCI6InN0cmV"
    "hbWluZyIsInN1YiI6InUtNDIiLCJzY29wZSI6InN0cmVhbSIsImlhdCI6MTc5NTQ2OTI0NSwiZXhwIjoxNzk1NDY5NTQ1fQ."
    "ry3soYSzQq9vDPROEJnipUnsyxZAAbuQf8sWgQKKfCg"
)

_BEGIN = 1_795_469_243.612


def at(milliseconds: int) -> str:
    return iso(_BEGIN + milliseconds / 1000)


def connected(  # noqa: PLR0913 - the differences between the examples
    limits: Limits,
    token: str | None = TOKEN,
    used: int = 0,
    milliseconds: int = 0,
    options: SessionOptions = DEFAULT_OPTIONS,
    *,
    principal: Principal | None = None,
) -> Connected:
    """The first message of a service with these limits, ``milliseconds`` after the session began."""
    snapshot = SessionSnapshot(SESSION_ID, "", used, limits.max_session_seconds - milliseconds / 1000)
    now = Instant(0, _BEGIN + milliseconds / 1000)
    return replies.connected(SESSION_ID, snapshot, limits, now, token=token, options=options, principal=principal)


def principal_until(milliseconds: int) -> Principal:
    """The user of ``JWT``, if it expired then."""
    return Principal(
        "https://app.example.com",
        "u-42",
        "u-42",
        Grant(frozenset({Scope.STREAM})),
        expires_at=_BEGIN + milliseconds / 1000,
    )


def start(  # noqa: PLR0913 - the differences between the examples
    data: Sequence[str],
    words: int,
    speed: Speed,
    content_type: ContentType = ContentType.TEXT,
    request_id: str | UnsetType = UNSET,
    *,
    began: int = 3,
    resumable: bool = True,
) -> StreamStart:
    html = content_type is not ContentType.TEXT
    return StreamStart(
        total_chunks=len(data),
        content_type=content_type,
        timestamp=at(began),
        stream_id=STREAM_ID,
        trace_id=TRACE_ID,
        resumable=resumable,
        metadata=StreamMetadata(
            complexity=Complexity.HIGH if html else Complexity.LOW,
            word_count=words,
            has_html=html,
            speed_used=speed,
            processing_time_ms=0.675,
            avg_chunk_size=round(sum(map(len, data)) / len(data), 1),
            max_chunk_size=max(map(len, data)),
            chunk_count=len(data),
            estimated_duration_ms=round((len(data) - 1) * GAP_SECONDS[speed] * 1000),
        ),
        request_id=request_id,
    )


def chunks(data: Sequence[str], speed: Speed, *, began: int = 3, first: int = 0) -> Iterator[Chunk]:
    """The chunks from index ``first``, which is due at ``began`` milliseconds."""
    for index in range(first, len(data)):
        yield Chunk(data[index], index, at(began + round((index - first) * GAP_SECONDS[speed] * 1000)))


def complete(
    data: Sequence[str],
    milliseconds: int,
    request_id: str | UnsetType = UNSET,
    *,
    began: int = 3,
    skipped: bool = False,
) -> StreamComplete:
    """Sent ``milliseconds`` after the stream began or was recovered."""
    return StreamComplete(
        total_chunks=len(data),
        session_id=SESSION_ID,
        timestamp=at(began + milliseconds),
        stream_id=STREAM_ID,
        metadata=CompletionMetadata(milliseconds, len("".join(data).encode()), skipped),
        request_id=request_id,
    )
