"""The document: servers, the channel, its operations and messages, codes, limits and whole conversations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec
from msgspec import Struct

from service.asyncapi.conversation import Breaks, Closes, Conversation, Line, Says
from service.asyncapi.conversations import conversations
from service.asyncapi.descriptions import ANSWERS, ERRORS, MESSAGES, REFUSALS
from service.asyncapi.example_messages import SESSION_ID, greeting
from service.asyncapi.schemas import PLACE, Json, schemas, tag_of
from service.protocol.close_codes import CloseCode
from service.protocol.codec import WIRE, encode
from service.protocol.fields import SESSION_ID_PATTERN
from service.protocol.limits import Limits
from service.protocol.server_messages import ServerMessage

_ABOUT = """\
Takes text, HTML or Markdown over a WebSocket and streams it back safe, chunked and paced.

Every message, both ways, is one JSON object in one text frame, in UTF-8; `type` says which. Fields that are not named
here are ignored. `connected` comes first. One stream runs at a time on a connection; requests that come meanwhile wait
in order.

The document takes the service's side, as AsyncAPI does: what it **receives**, a client sends; what it **sends**, a
client receives.
"""

_CHANNEL = "#/channels/stream"


def asyncapi(limits: Limits, version: str, host: str) -> Json:
    """The AsyncAPI 3 document of a service with these limits. ``host`` is where it listens, as ``name:port``."""
    told = conversations(limits)
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "Streaming Content API", "version": version, "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "plain": _server("ws", host, "The service itself."),
            "tls": _server("wss", host, "Behind a platform or a proxy that speaks TLS."),
        },
        "channels": {"stream": _channel()},
        "operations": dict(_operations()),
        "components": {
            "schemas": schemas(),
            "messages": {tag_of(message): _message(message, told) for message in _messages()},
        },
        "x-limits": msgspec.to_builtins(greeting(limits).limits),
        "x-errors": [
            {"code": str(error.code), "when": when, "fatal": error.fatal, "retryable": error.retryable}
            for error, when in ERRORS.items()
        ],
        "x-close-codes": [_close_code(code) for code in CloseCode],
        "x-refusals": _by_code(REFUSALS),
        "x-conversations": [_conversation(one) for one in told],
    }


def _messages() -> tuple[type[Struct], ...]:
    return *WIRE, *get_args(ServerMessage)


def _server(protocol: str, host: str, description: str) -> Json:
    return {
        "host": "{host}",
        "protocol": protocol,
        "description": description,
        "variables": {"host": {"default": host, "description": "Where it is reached: a name, with its port."}},
    }


def _channel() -> Json:
    return {
        "address": "/ws/stream/{session_id}",
        "title": "A session's stream of content",
        "description": "Each socket of a session has its own line of requests; all share its limits and its deadline.",
        "parameters": {
            "session_id": {
                "description": "The client's choice: 1 to 64 of `A-Z a-z 0-9 _ - . :` after URL-decoding, and neither "
                "`.` nor `..`. It names a session and grants nothing.",
                "examples": [SESSION_ID],
                "x-pattern": SESSION_ID_PATTERN,
            }
        },
        "messages": {tag_of(message): {"$ref": f"#/components/messages/{tag_of(message)}"} for message in _messages()},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _operations() -> Iterator[tuple[str, Json]]:
    for message in WIRE:
        answers = {"channel": {"$ref": _CHANNEL}, "messages": _in_channel(ANSWERS[message])}
        yield f"receive_{tag_of(message)}", _operation("receive", message) | {"reply": answers}
    for message in get_args(ServerMessage):
        yield f"send_{tag_of(message)}", _operation("send", message)


def _operation(action: str, message: type[Struct]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "summary": MESSAGES.get(message, ""),
        "messages": _in_channel([message]),
    }


def _in_channel(messages: Sequence[type[Struct]]) -> list[Json]:
    return [{"$ref": f"{_CHANNEL}/messages/{tag_of(message)}"} for message in messages]


def _message(message: type[Struct], told: Sequence[Conversation]) -> Json:
    return {
        "name": tag_of(message),
        "title": tag_of(message),
        "summary": MESSAGES.get(message, ""),
        "payload": {"$ref": PLACE + message.__name__},
        "examples": list(_examples(tag_of(message), told)),
    }


def _examples(tag: str, told: Sequence[Conversation]) -> Iterator[Json]:
    """The first of its kind in each conversation."""
    for conversation in told:
        kinds = set()
        for line in conversation.lines:
            payload = _payload(line)
            kind = (payload.get("action"), payload.get("code"))
            wrong = isinstance(line, Says) and line.wrong
            if payload.get("type") == tag and not wrong and kind not in kinds:
                kinds.add(kind)
                yield {"name": conversation.name, "summary": conversation.title, "payload": payload}


def _payload(line: Line) -> Mapping[str, Any]:
    match line:
        case Says(payload):
            return payload
        case Breaks() | Closes():
            return {}
        case _:
            return msgspec.json.decode(encode(line), type=Json)


def _conversation(conversation: Conversation) -> Json:
    return {
        "name": conversation.name,
        "title": conversation.title,
        "settings": conversation.settings,
        "lines": [_line(line) for line in conversation.lines],
    }


def _line(line: Line) -> Json:
    match line:
        case Says(payload):
            return {"client": payload}
        case Breaks():
            return {"breaks": True}
        case Closes(code):
            return {"closes": code}
        case _:
            return {"server": _payload(line)}


def _close_code(code: CloseCode) -> Json:
    return {
        "code": int(code),
        "reason": code.reason,
        "when": code.meaning,
        "error": code.error,
        "reconnect": code.reconnect,
    }


def _by_code(told: Mapping[int, str]) -> list[Json]:
    return [{"code": code, "when": when} for code, when in told.items()]
