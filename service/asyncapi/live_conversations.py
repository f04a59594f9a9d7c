"""The example conversations about live streams: a producer writes, and the client of the conversation reads."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from service.asyncapi.conversation import Conversation, Line, Produced, Sent
from service.asyncapi.example_messages import SESSION_ID, STREAM_ID, TRACE_ID, at
from service.protocol.errors import ProducerFailed, UnknownStream
from service.protocol.messages import Complexity, ContentType, Speed
from service.protocol.server_messages import (
    Chunk,
    CompletionMetadata,
    ErrorMessage,
    StreamCancelled,
    StreamComplete,
    StreamContinued,
    StreamInterrupted,
    StreamLeft,
    StreamMetadata,
    StreamStalled,
    StreamStart,
)

PUBLISHING = {"PUBLISH_TOKEN": "a token of the back end"}


def live_conversations() -> Sequence[Conversation]:
    """A stream that is sent unasked, readers that watch, and each way in which a live stream ends."""
    return (
        Conversation(
            "live",
            "A live stream, as every connection of its session receives it",
            (
                _create("text"),
                _start(ContentType.TEXT),
                _append(0, "Hello, "),
                Chunk("Hello, ", 0, at(10), settled=7),
                _append(7, "live "),
                Chunk("live ", 1, at(90), settled=12),
                _append(12, "world!"),
                _close("complete", 18),
                Chunk("world!", 2, at(180), settled=18),
                _complete(3, 177, 18),
            ),
            PUBLISHING,
        ),
        Conversation(
            "watch",
            "A reader of a live stream asks for incremental Markdown, leaves, and comes back",
            (
                _create("markdown"),
                _start(ContentType.MARKDOWN),
                _append(0, "First paragraph.\n\nSecond "),
                Chunk("<p>First paragraph.</p>", 0, at(10), settled=23),
                Sent({"type": "watch", "stream_id": STREAM_ID, "html_mode": "incremental", "request_id": "w-1"}),
                _start(ContentType.MARKDOWN, request_id="w-1", began=20),
                Chunk("<p>First paragraph.</p><p>Second", 0, at(20), "</p>", settled=23),
                Sent({"type": "stream_control", "action": "leave"}),
                StreamLeft(at(30), STREAM_ID),
                _append(25, "one"),
                _close("complete", 28),
                Sent(
                    {
                        "type": "watch",
                        "stream_id": STREAM_ID,
                        "settled": 23,
                        "html_mode": "incremental",
                        "chunk_by": "paragraph",
                        "speed": "adaptive",
                        "request_id": "w-2",
                    }
                ),
                _start(ContentType.MARKDOWN, request_id="w-2", settled=23, began=60),
                Chunk("<p>Second one</p>", 0, at(60), "", settled=40),
                _complete(1, 0, 17, "w-2", began=60),
            ),
            PUBLISHING,
        ),
        Conversation(
            "live-cancelled",
            "A reader cancels a live stream, for all readers and for its producer",
            (
                _create("text"),
                _start(ContentType.TEXT),
                Sent({"type": "stream_control", "action": "cancel"}),
                StreamCancelled(at(120), STREAM_ID),
            ),
            PUBLISHING,
        ),
        Conversation(
            "live-failed",
            "The producer of a live stream ends it after an error",
            (
                _create("text"),
                _start(ContentType.TEXT),
                _append(0, "Unfinished "),
                Chunk("Unfinished ", 0, at(10), settled=11),
                _close("error", 11),
                ErrorMessage.of(
                    ProducerFailed("The producer of the stream has failed. What it has written was sent."),
                    stream_id=STREAM_ID,
                ),
            ),
            PUBLISHING,
        ),
        Conversation(
            "live-interrupted",
            "The producer of a live stream is lost, and another one adopts the stream",
            (
                _create("text"),
                _start(ContentType.TEXT),
                StreamStalled(at(5003), STREAM_ID, 5),
                StreamInterrupted(at(15_003), STREAM_ID, at(315_003)),
                Produced(f"POST /v1/streams/{STREAM_ID}/adopt"),
                StreamContinued(at(16_000), STREAM_ID),
                Produced(f"POST /v1/streams/{STREAM_ID}/close?epoch=1", {"status": "complete", "offset": 0}),
                _complete(0, 16_100, 0),
            ),
            PUBLISHING,
        ),
        Conversation(
            "live-unknown",
            "A stream that does not exist or has expired",
            (
                Sent({"type": "watch", "stream_id": STREAM_ID, "settled": 1200}),
                ErrorMessage.of(
                    UnknownStream("The session has no such live stream. Send the id of one that has not expired."),
                    stream_id=STREAM_ID,
                ),
            ),
            PUBLISHING,
        ),
    )


def _create(content_type: str) -> Line:
    return Produced(f"POST /v1/sessions/{SESSION_ID}/streams", {"content_type": content_type})


def _append(offset: int, source: str) -> Line:
    return Produced(f"POST /v1/streams/{STREAM_ID}/append?epoch=0&offset={offset}", source)


def _close(status: str, offset: int) -> Line:
    return Produced(f"POST /v1/streams/{STREAM_ID}/close?epoch=0", {"status": status, "offset": offset})


def _start(
    content_type: ContentType, *, request_id: str | UnsetType = UNSET, settled: int = 0, began: int = 3
) -> StreamStart:
    return StreamStart(
        total_chunks=0,
        content_type=content_type,
        timestamp=at(began),
        stream_id=STREAM_ID,
        trace_id=TRACE_ID,
        resumable=False,
        metadata=StreamMetadata(
            Complexity.LOW,
            0,
            has_html=content_type is not ContentType.TEXT,
            speed_used=Speed.ADAPTIVE,
            processing_time_ms=0.0,
            avg_chunk_size=0.0,
            max_chunk_size=0,
            chunk_count=0,
            estimated_duration_ms=0,
        ),
        request_id=request_id,
        live=True,
        settled=settled,
    )


def _complete(
    chunks: int, milliseconds: int, size: int, request_id: str | UnsetType = UNSET, *, began: int = 3
) -> StreamComplete:
    return StreamComplete(
        total_chunks=chunks,
        session_id=SESSION_ID,
        timestamp=at(began + milliseconds),
        stream_id=STREAM_ID,
        metadata=CompletionMetadata(milliseconds, size, skipped=False),
        request_id=request_id,
        live=True,
    )
