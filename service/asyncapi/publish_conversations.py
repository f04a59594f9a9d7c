"""The example conversations on the publish socket. A test replays each of them with a real server."""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from service.asyncapi.conversation import Closed, Produced, Sent
from service.asyncapi.example_messages import SESSION_ID, STREAM_ID
from service.protocol.close_codes import CloseCode
from service.protocol.publish_errors import PublishErrorCode
from service.protocol.publish_messages import (
    EndStatus,
    ProducerFenced,
    PublisherMessage,
    PublishErrorMessage,
    SourceAck,
    SourceCancelled,
    SourceClosed,
)

PublishLine = Sent | Produced | Closed | PublisherMessage
"""A call of a producer over HTTP, its messages on the socket, and what the service sends and does there."""


class PublishConversation(Struct, frozen=True):
    name: str
    title: str
    lines: Sequence[PublishLine]


EXAMPLE_TOKEN = "the token of the back end"  # noqa: S105 - what stands for it
_SOURCE = "Hello, world!"


def publish_conversations() -> Sequence[PublishConversation]:
    """A stream from its creation to each of its ends, and the mistakes that leave the socket open."""
    return (
        PublishConversation(
            "publish",
            "A producer writes as the text comes, waits for the model, and ends the stream",
            (
                _CREATE,
                SourceAck(0, 0),
                _append(0, "Hello, "),
                SourceAck(7, 7),
                Sent({"type": "touch"}),
                SourceAck(7, 7),
                _append(7, "world!"),
                SourceAck(13, 13),
                Sent(
                    {
                        "type": "close",
                        "status": "complete",
                        "offset": 13,
                        "sha256": hashlib.sha256(_SOURCE.encode()).hexdigest(),
                    }
                ),
                SourceClosed(EndStatus.COMPLETE, 13),
                Closed(CloseCode.NORMAL),
            ),
        ),
        PublishConversation(
            "publish-auth",
            "The token in the first message; text is sent again that was cut differently; one append came too early",
            (
                _CREATE,
                Sent({"type": "auth", "token": EXAMPLE_TOKEN}),
                SourceAck(0, 0),
                _append(7, "world!"),
                PublishErrorMessage(
                    PublishErrorCode.GAP,
                    "The source has 0 bytes, and the offset is beyond. Send again from byte 0.",
                    0,
                ),
                _append(0, "Hello,"),
                SourceAck(6, 6),
                _append(5, ", world!"),
                SourceAck(13, 13),
                _append(0, "Howdy"),
                PublishErrorMessage(
                    PublishErrorCode.MISMATCH,
                    "The source, of 13 bytes, has other bytes, another end or another digest. Do not repeat the call; "
                    "compare with what was sent.",
                    13,
                ),
                Sent({"type": "close", "status": "error", "offset": 13}),
                SourceClosed(EndStatus.ERROR, 13),
                Closed(CloseCode.NORMAL),
            ),
        ),
        PublishConversation(
            "publish-cancelled",
            "A stream that is cancelled while it is written",
            (
                _CREATE,
                SourceAck(0, 0),
                _append(0, "Hello, "),
                SourceAck(7, 7),
                Produced(f"POST /v1/streams/{STREAM_ID}/cancel"),
                SourceCancelled(7),
                Closed(CloseCode.NORMAL),
            ),
        ),
        PublishConversation(
            "publish-fenced",
            "Another producer adopts the stream",
            (
                _CREATE,
                SourceAck(0, 0),
                Produced(f"POST /v1/streams/{STREAM_ID}/adopt"),
                ProducerFenced(
                    "Another producer has adopted the stream. Stop: nothing more of this one is stored.",
                ),
                Closed(CloseCode.TAKEN_OVER),
            ),
        ),
    )


_CREATE = Produced(f"POST /v1/sessions/{SESSION_ID}/streams", {"content_type": "markdown"})


def _append(offset: int, data: str) -> Sent:
    return Sent({"type": "append", "offset": offset, "data": data})


def payload_of(message: PublisherMessage) -> dict[str, object]:
    """The message as it is on the wire."""
    return msgspec.json.decode(msgspec.json.encode(message), type=dict[str, object])
