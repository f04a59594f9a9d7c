"""ASGI as the service uses it: its types, headers, and the refusal of a handshake."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from service.protocol.close_codes import HandshakeRefusal
from service.protocol.trace import TraceContext, TraceHeaders, parse_trace_context

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def trace_context(scope: Scope) -> TraceContext | None:
    """The context in the headers of the request; ``None`` if it is invalid, as with more than one ``traceparent``."""
    parents = header_values(scope, b"traceparent")
    if len(parents) != 1:
        return None
    return parse_trace_context(TraceHeaders(parents[0], ",".join(header_values(scope, b"tracestate"))))


def header_values(scope: Scope, wanted: bytes) -> list[str]:
    """The values of a header, by its name in lower case."""
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


async def refuse(
    send: Send, status: HandshakeRefusal, error: str | Mapping[str, object], retry_after_seconds: int | None = None
) -> None:
    """Answer the handshake with an HTTP status; a browser cannot read it, other clients can.

    ``error`` is a sentence, or the error of a producer.
    """
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status is HandshakeRefusal.UNAUTHENTICATED:
        headers.append((b"www-authenticate", b"Bearer"))
    if retry_after_seconds is not None:
        headers.append((b"retry-after", str(retry_after_seconds).encode()))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
