"""The publish socket in the AsyncAPI document: a channel of its own, whose messages are named ``publish_...``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec
from msgspec import Struct

from service.asyncapi.conversation import Closed, Produced, Sent
from service.asyncapi.example_messages import STREAM_ID
from service.asyncapi.publish_conversations import (
    PublishConversation,
    PublishLine,
    payload_of,
    publish_conversations,
)
from service.asyncapi.schemas import SCHEMAS, described, tag_of, text_of
from service.protocol.publish_errors import PublishErrorCode
from service.protocol.publish_messages import (
    AppendText,
    CloseSource,
    ProducerFenced,
    ProducerMessage,
    PublishAuth,
    PublisherMessage,
    PublishErrorMessage,
    SourceAck,
    SourceCancelled,
    SourceClosed,
    Touch,
)

Json = dict[str, Any]

PRODUCER_MESSAGES: Sequence[type[Struct]] = get_args(ProducerMessage)
PUBLISHER_MESSAGES: Sequence[type[Struct]] = get_args(PublisherMessage)

_CHANNEL = "#/channels/publish"
_REPLIES: Mapping[type[Struct], Sequence[type[Struct]]] = {
    PublishAuth: (SourceAck, SourceClosed, SourceCancelled, ProducerFenced, PublishErrorMessage),
    AppendText: (SourceAck, SourceClosed, SourceCancelled, ProducerFenced, PublishErrorMessage),
    CloseSource: (SourceClosed, SourceCancelled, ProducerFenced, PublishErrorMessage),
    Touch: (SourceAck, SourceClosed, SourceCancelled, ProducerFenced, PublishErrorMessage),
}


_HEADERS: Json = {
    "type": "object",
    "properties": {
        "Authorization": {
            "type": "string",
            "description": "`Bearer` and a token with the scope `publish`, or without `AUTH_MODE` the `PUBLISH_TOKEN`. "
            "Without this header, the token is a subprotocol or in the message `auth`.",
        },
        "Sec-WebSocket-Protocol": {
            "type": "string",
            "description": "`streaming.v1`, and beside it `bearer.` and the token, if it is not in the header.",
        },
    },
}


def name_of(message: type[Struct]) -> str:
    """The name of a message in the document: its ``type`` may be one of the other channel too."""
    return f"publish_{tag_of(message)}"


def publish_channel() -> Json:
    return {
        "address": "/ws/publish/{stream_id}",
        "title": "The source of a live stream",
        "description": "One producer writes one stream, which `POST /v1/sessions/{session_id}/streams` has created; "
        "`docs/publishing.md` has the calls. The first message of the service is `ack`.",
        "parameters": {
            "stream_id": {"description": "The id of the stream, as it was created.", "examples": [STREAM_ID]},
        },
        "messages": {
            name_of(message): {"$ref": f"#/components/messages/{name_of(message)}"}
            for message in (*PRODUCER_MESSAGES, *PUBLISHER_MESSAGES)
        },
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "required": ["epoch"],
                    "properties": {
                        "epoch": {
                            "type": "integer",
                            "minimum": 0,
                            "description": "That of the call which created or adopted the stream.",
                        }
                    },
                },
                "headers": _HEADERS,
                "bindingVersion": "0.1.0",
            }
        },
    }


def publish_operations() -> Iterator[tuple[str, Json]]:
    for message in PRODUCER_MESSAGES:
        replies = {"channel": {"$ref": _CHANNEL}, "messages": _in_channel(_REPLIES[message])}
        yield f"receive_{name_of(message)}", _operation("receive", message) | {"reply": replies}
    for message in PUBLISHER_MESSAGES:
        yield f"send_{name_of(message)}", _operation("send", message)


def publish_schemas() -> dict[str, Json]:
    _, generated = msgspec.json.schema_components(
        (*PRODUCER_MESSAGES, *PUBLISHER_MESSAGES), ref_template=SCHEMAS + "{name}"
    )
    return described(generated, {PublishErrorCode: {str(code): code.meaning for code in PublishErrorCode}})


def publish_messages() -> dict[str, Json]:
    conversations = publish_conversations()
    return {
        name_of(message): {
            "name": name_of(message),
            "title": tag_of(message),
            "summary": text_of(message),
            "payload": {"$ref": SCHEMAS + message.__name__},
            "examples": list(_examples(message, conversations)),
        }
        for message in (*PRODUCER_MESSAGES, *PUBLISHER_MESSAGES)
    }


def publish_examples() -> list[Json]:
    """The conversations as the document has them."""
    return [
        {"name": one.name, "title": one.title, "lines": [_line(line) for line in one.lines]}
        for one in publish_conversations()
    ]


def _operation(action: str, message: type[Struct]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "summary": text_of(message),
        "messages": _in_channel([message]),
    }


def _in_channel(messages: Sequence[type[Struct]]) -> list[Json]:
    return [{"$ref": f"{_CHANNEL}/messages/{name_of(message)}"} for message in messages]


def _examples(message: type[Struct], conversations: Sequence[PublishConversation]) -> Iterator[Json]:
    """The first message of the type in each conversation, and of an error the first of each code."""
    sent = message in PRODUCER_MESSAGES
    for conversation in conversations:
        kinds = set()
        for line in conversation.lines:
            is_of_type = (
                isinstance(line, Sent) and line.payload["type"] == tag_of(message) if sent else (type(line) is message)
            )
            if not is_of_type:
                continue
            payload = _line(line)["client" if sent else "server"]
            if payload.get("code") not in kinds:
                kinds.add(payload.get("code"))
                yield {"name": conversation.name, "summary": conversation.title, "payload": payload}


def _line(line: PublishLine) -> Json:
    match line:
        case Sent(payload):
            return {"client": payload}
        case Produced(call, body):
            return {"producer": {"call": call} if body is None else {"call": call, "body": body}}
        case Closed(code):
            return {"closes": int(code)}
        case _:
            return {"server": payload_of(line)}
