"""Streams of the tests of live stores."""

import random

from service.live.records import LiveRecord
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.trace import Trace, TraceContext

BEGIN = 1_700_000_000_001
"""The first moment of each test, in milliseconds since the epoch."""
SECOND = 1000
RESUME_TTL = 300.0

RECORD = LiveRecord(
    stream_id="stream-1",
    session_key="6:tenant:editor",
    session_id="editor",
    space="tenant",
    content_type=ContentType.MARKDOWN,
    speed=Speed.ADAPTIVE,
    chunk_by=ChunkBy.WORD,
    trace=Trace(
        "0af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
        sampled=True,
        parent=TraceContext("0a" * 16, "0b" * 8, sampled=False),
    ),
    request_id="Übersetzung",
    creation_key=b"\x00\xff" * 16,
)

SOURCE = random.Random(16).randbytes(20_000)
"""That several processes append."""
