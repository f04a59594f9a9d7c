"""Records and claims of the tests of stores."""

import msgspec

from service.protocol.messages import ContentType
from service.protocol.trace import Trace, TraceContext
from service.session.ports import SessionStore
from service.session.records import Claim, Digest, SessionSnapshot, StreamRecord

FIRST, SECOND, THIRD = b"m" * 32, b"t" * 32, b"l" * 32
"""Digests of tokens."""

RECORD = StreamRecord(
    stream_id="a-stream",
    session_key="s",
    session_incarnation="an-epoch",
    owners=(FIRST,),
    content_type=ContentType.HTML,
    request_id="müsli 🥣",
    trace=Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True),
    plan=bytes(range(256)) + "Grüße".encode(),
    processing_seconds=0.125,
)

RICH_RECORD = msgspec.structs.replace(
    RECORD,
    stream_id="another-stream",
    owners=(FIRST, SECOND),
    request_id=None,
    trace=Trace("a" * 32, "b" * 16, sampled=False, parent=TraceContext("a" * 32, "c" * 16, sampled=True)),
    plan=b"\0" * 100_000,
    epoch=3,
    skip_at=7,
    skip_settled=True,
    paused=True,
    counted=True,
)


async def opened(store: SessionStore, session_key: str, secret: Digest | None = None) -> SessionSnapshot:
    """Open a session that is not reserved by another secret."""
    session = await store.open(session_key, secret)
    assert isinstance(session, SessionSnapshot)
    return session


def claim(
    request_id: str = "r", *, content: bytes = b"c", owner: Digest = FIRST, presented: Digest | None = None
) -> Claim:
    return Claim(request_id, content * 32, owner, presented)


LARGE = 10_000
"""Bytes of a plan."""


def stream_of(session_key: str, number: int, plan_bytes: int) -> StreamRecord:
    return msgspec.structs.replace(
        RECORD, stream_id=f"{session_key}-{number}", session_key=session_key, plan=b"\1" * plan_bytes
    )
