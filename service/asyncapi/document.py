"""The document: servers, the channel, its operations and messages, codes, limits and example conversations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from service.asyncapi.conversation import Closed, Conversation, Disconnected, Line, Produced, Sent
from service.asyncapi.conversations import conversations
from service.asyncapi.example_messages import SESSION_ID, connected
from service.asyncapi.publish_channel import (
    publish_channel,
    publish_examples,
    publish_messages,
    publish_operations,
    publish_schemas,
)
from service.asyncapi.schemas import CLIENT_MESSAGES, SCHEMAS, SERVER_MESSAGES, Json, schemas, tag_of, text_of
from service.protocol.close_codes import CloseCode, HandshakeRefusal
from service.protocol.codec import encode
from service.protocol.errors import error_classes
from service.protocol.fields import SESSION_ID_PATTERN
from service.protocol.limits import Limits
from service.protocol.messages import (
    Ack,
    Auth,
    AuthRefresh,
    ClientReport,
    Heartbeat,
    Ping,
    Recover,
    StreamControl,
    StreamRequest,
    Watch,
)
from service.protocol.publish_errors import PublishErrorCode
from service.protocol.server_messages import (
    AuthRefreshed,
    Chunk,
    Connected,
    ErrorMessage,
    HeartbeatAck,
    Pong,
    StreamCancelled,
    StreamComplete,
    StreamContinued,
    StreamInterrupted,
    StreamLeft,
    StreamPaused,
    StreamRecovered,
    StreamResumed,
    StreamSkipped,
    StreamStalled,
    StreamStart,
)

_DESCRIPTION = """\
Accepts text, HTML or Markdown over a WebSocket and streams it back sanitised, in chunks and at a steady pace.

Every message in both directions is one JSON object in one text frame, in UTF-8, with its type in `type`. Unknown fields
are ignored. The first message is `connected`. One stream runs at a time on a connection; further requests wait in
order.

The document has the perspective of the service, as AsyncAPI prescribes: a client sends what the service **receives**,
and receives what it **sends**.
"""

_CHANNEL = "#/channels/stream"
_SECRETS = {"AUTH_JWT_KEY": "the secret of the issuer", "PUBLISH_TOKEN": "the token of the back end"}
"""What stands for a secret: one that is published would be copied. The service refuses them."""

_REPLIES: Mapping[type[Struct], Sequence[type[Struct]]] = {
    StreamRequest: (StreamStart, Chunk, StreamComplete, StreamCancelled, ErrorMessage),
    StreamControl: (StreamPaused, StreamResumed, StreamSkipped, StreamCancelled, StreamLeft, ErrorMessage),
    Recover: (StreamRecovered, Chunk, StreamComplete, StreamCancelled, ErrorMessage),
    Watch: (
        StreamStart,
        Chunk,
        StreamStalled,
        StreamInterrupted,
        StreamContinued,
        StreamComplete,
        StreamCancelled,
        StreamLeft,
        ErrorMessage,
    ),
    Ack: (ErrorMessage,),
    ClientReport: (ErrorMessage,),
    Auth: (Connected, ErrorMessage),
    AuthRefresh: (AuthRefreshed, ErrorMessage),
    Ping: (Pong,),
    Heartbeat: (HeartbeatAck,),
}


_HEADERS: Json = {
    "type": "object",
    "properties": {
        "Authorization": {
            "type": "string",
            "description": "With `AUTH_MODE`: `Bearer` and the token. Without this header, the token is a subprotocol "
            "or in the message `auth`.",
        },
        "Sec-WebSocket-Protocol": {
            "type": "string",
            "description": "`streaming.v1`, and with `AUTH_MODE` beside it `bearer.` and the token.",
        },
        "X-Session-Secret": {
            "type": "string",
            "description": "Without `AUTH_MODE`: a secret that reserves the session for those who send the same.",
        },
    },
}


def asyncapi(limits: Limits, version: str, host: str) -> Json:
    """The AsyncAPI 3 document of a service with these limits. ``host`` is its address, as ``name:port``."""
    examples = conversations(limits)
    messages = (*CLIENT_MESSAGES, *SERVER_MESSAGES)
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "Streaming Content API", "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "plain": _server("ws", host, "The service itself."),
            "tls": _server("wss", host, "The service behind a proxy or a platform that terminates TLS."),
        },
        "channels": {"stream": _channel(messages), "publish": publish_channel()},
        "operations": {**dict(_operations()), **dict(publish_operations())},
        "components": {
            "schemas": {**schemas(), **publish_schemas()},
            "messages": {
                **{tag_of(message): _message(message, examples) for message in messages},
                **publish_messages(),
            },
        },
        "x-limits": msgspec.to_builtins(connected(limits).limits),
        "x-errors": [
            {"code": str(error.code), "when": text_of(error), "fatal": error.fatal, "retryable": error.retryable}
            for error in error_classes()
        ],
        "x-close-codes": [
            {
                "code": int(code),
                "reason": code.reason,
                "when": code.meaning,
                "error": code.error,
                "reconnect": code.reconnect,
            }
            for code in CloseCode
        ],
        "x-refusals": [{"code": int(refusal), "when": refusal.meaning} for refusal in HandshakeRefusal],
        "x-conversations": [_conversation(example) for example in examples],
        "x-publish-errors": [
            {"code": str(code), "status": code.status, "when": code.meaning, "remedy": code.remedy}
            for code in PublishErrorCode
        ],
        "x-publish-conversations": publish_examples(),
    }


def _server(protocol: str, host: str, description: str) -> Json:
    return {
        "host": "{host}",
        "protocol": protocol,
        "description": description,
        "variables": {"host": {"default": host, "description": "The address of the service: a name and a port."}},
    }


def _channel(messages: Iterable[type[Struct]]) -> Json:
    return {
        "address": "/ws/stream/{session_id}",
        "title": "The streams of a session",
        "description": "Each connection of a session has its own queue of requests; all of them share its limits and "
        "its deadline.",
        "parameters": {
            "session_id": {
                "description": "Chosen by the client: 1 to 64 of `A-Z a-z 0-9 _ - . :` after URL-decoding, and neither "
                "`.` nor `..`. It identifies a session and grants no access.",
                "examples": [SESSION_ID],
                "x-pattern": SESSION_ID_PATTERN,
            }
        },
        "messages": {tag_of(message): {"$ref": f"#/components/messages/{tag_of(message)}"} for message in messages},
        "bindings": {"ws": {"method": "GET", "headers": _HEADERS, "bindingVersion": "0.1.0"}},
    }


def _operations() -> Iterator[tuple[str, Json]]:
    for message in CLIENT_MESSAGES:
        replies = {"channel": {"$ref": _CHANNEL}, "messages": _in_channel(_REPLIES[message])}
        yield f"receive_{tag_of(message)}", _operation("receive", message) | {"reply": replies}
    for message in SERVER_MESSAGES:
        yield f"send_{tag_of(message)}", _operation("send", message)


def _operation(action: str, message: type[Struct]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "summary": text_of(message),
        "messages": _in_channel([message]),
    }


def _in_channel(messages: Sequence[type[Struct]]) -> list[Json]:
    return [{"$ref": f"{_CHANNEL}/messages/{tag_of(message)}"} for message in messages]


def _message(message: type[Struct], conversations: Sequence[Conversation]) -> Json:
    return {
        "name": tag_of(message),
        "title": tag_of(message),
        "summary": text_of(message),
        "payload": {"$ref": SCHEMAS + message.__name__},
        "examples": list(_examples(tag_of(message), conversations)),
    }


def _examples(tag: str, conversations: Sequence[Conversation]) -> Iterator[Json]:
    """The first message of each kind in each conversation."""
    for conversation in conversations:
        kinds = set()
        for line in conversation.lines:
            payload = _payload(line)
            kind = (payload.get("action"), payload.get("code"))
            invalid = isinstance(line, Sent) and line.invalid
            if payload.get("type") == tag and not invalid and kind not in kinds:
                kinds.add(kind)
                yield {"name": conversation.name, "summary": conversation.title, "payload": payload}


def _payload(line: Line) -> Mapping[str, Any]:
    match line:
        case Sent(payload):
            return payload
        case Produced() | Disconnected() | Closed():
            return {}
        case _:
            return msgspec.json.decode(encode(line), type=Json)


def _conversation(conversation: Conversation) -> Json:
    return {
        "name": conversation.name,
        "title": conversation.title,
        "settings": {name: _SECRETS.get(name, value) for name, value in conversation.settings.items()},
        "lines": [_line(line) for line in conversation.lines],
    }


def _line(line: Line) -> Json:
    match line:
        case Sent(payload):
            return {"client": payload}
        case Produced(call, body):
            return {"producer": {"call": call} if body is None else {"call": call, "body": body}}
        case Disconnected():
            return {"breaks": True}
        case Closed(code):
            return {"closes": int(code)}
        case _:
            return {"server": _payload(line)}
