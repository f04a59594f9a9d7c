"""The endpoint ``/ws/stream/{session_id}``: checks a handshake and accepts it."""

import json
import math
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from service.access.principal import AccessRefusal, Principal
from service.client_address import TrustedProxies
from service.events import AttemptOutcome, TokenCarrier
from service.protocol.close_codes import HandshakeRefusal
from service.protocol.codec import is_session_id
from service.protocol.trace import TraceContext, TraceHeaders, parse_trace_context
from service.websocket.arrival import Arrival
from service.websocket.carriers import Credentials, InvalidSecret, read_credentials, read_secret
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.handshake import EXTENSION, WebSocketHandshake
from service.websocket.hub import Hub
from service.websocket.pending_connection import PendingConnections
from service.websocket.reception import Reception

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/ws/stream/"
PUBLISH_PREFIX = "/ws/publish/"
"""Of the sockets of producers."""

_UNKNOWN_PATH = "No WebSocket is at this path. Readers connect to /ws/stream/{session_id}."
_INVALID_SESSION_ID = "The session id must be 1 to 64 of A-Z a-z 0-9 _ - . : and not '.' or '..'."
_UNREADABLE = "The secret of the session must be one header, or one subprotocol secret.<base64url>."
_FOREIGN_ORIGIN = "This origin is not allowed. Ask the operator to add it to ALLOWED_ORIGINS."

_REFUSALS = {int(refusal): refusal for refusal in HandshakeRefusal}
_CHECK_RETRY_SECONDS = 5


class StreamEndpoint:
    """An ASGI application for ``WebSocketHandshake``. It returns when a connection has begun, or waits for its token.

    A token in a header is checked before the handshake is answered; for the others the client sees a close code.
    """

    def __init__(  # noqa: PLR0913 - independent settings and components
        self,
        hub: Hub,
        monitor: ConnectionMonitor,
        reception: Reception,
        pending: PendingConnections | None,
        *,
        allowed_origins: frozenset[str],
        send_buffer_bytes: int,
        draining_retry_seconds: int,
        proxies: TrustedProxies,
    ) -> None:
        """``pending`` takes connections that have no token yet; ``None`` if none is needed."""
        self._hub = hub
        self._proxies = proxies
        self._monitor = monitor
        self._reception = reception
        self._pending = pending
        self._draining_retry_seconds = draining_retry_seconds
        self._allowed_origins = allowed_origins
        self._send_buffer_bytes = send_buffer_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrival = Arrival("", self._reception.seconds, trace_context(scope))
        handshake: WebSocketHandshake = scope["extensions"].pop(EXTENSION)
        session_id = scope["path"].removeprefix(PREFIX)
        await receive()  # websocket.connect
        if not scope["path"].startswith(PREFIX):
            await refuse(send, HandshakeRefusal.UNKNOWN_PATH, _UNKNOWN_PATH)
            return
        if not is_session_id(session_id):
            self._reception.record(arrival, AttemptOutcome.REFUSED_SESSION)
            await refuse(send, HandshakeRefusal.INVALID_REQUEST, _INVALID_SESSION_ID)
            return
        arrival = replace(
            arrival,
            session_id=session_id,
            address=self._proxies.client_address(scope),
            client=self._proxies.identify(scope, session_id),
        )
        if not origin_allowed(scope, self._allowed_origins):
            self._reception.record(arrival, AttemptOutcome.REFUSED_ORIGIN)
            await refuse(send, HandshakeRefusal.FORBIDDEN, _FOREIGN_ORIGIN)
        elif self._hub.draining:
            self._reception.record(arrival, AttemptOutcome.REFUSED_DRAINING)
            sentence = f"The server restarts. Reconnect after {self._draining_retry_seconds} s."
            await refuse(send, HandshakeRefusal.UNAVAILABLE, sentence, self._draining_retry_seconds)
        elif self._pending is None:
            await self._accept_anyone(scope, handshake, arrival, send)
        else:
            await self._accept_with_token(scope, handshake, arrival, send, self._pending)

    async def _accept_anyone(self, scope: Scope, handshake: WebSocketHandshake, arrival: Arrival, send: Send) -> None:
        """Without authentication, tokens are not read."""
        credentials = read_credentials((), scope["subprotocols"])
        try:
            arrival = replace(arrival, secret=read_secret(scope["headers"], scope["subprotocols"]))
        except InvalidSecret:
            self._reception.record(arrival, AttemptOutcome.REFUSED_SECRET)
            await refuse(send, HandshakeRefusal.INVALID_REQUEST, _UNREADABLE)
            return
        connection = await self._accept(handshake, credentials, send)
        await self._reception.admit(connection, arrival, None)

    async def _accept_with_token(
        self,
        scope: Scope,
        handshake: WebSocketHandshake,
        arrival: Arrival,
        send: Send,
        pending: PendingConnections,
    ) -> None:
        credentials = read_credentials(scope["headers"], scope["subprotocols"])
        if credentials.carrier is TokenCarrier.HEADER:
            principal = await self._check_header(arrival, credentials.token, send)
            if principal is not None:
                connection = await self._accept(handshake, credentials, send)
                await self._reception.open(connection, arrival, principal)
            return
        connection = await self._accept(handshake, credentials, send)
        if credentials.carrier is None:
            pending.add(connection, arrival, handshake.pending_sockets)
        else:
            await self._reception.receive(connection, arrival, credentials.token, credentials.carrier)

    async def _check_header(self, arrival: Arrival, token: str, send: Send) -> Principal | None:
        """Check and charge the user of the token; return ``None`` if the handshake is refused."""
        checked = await self._reception.check(arrival, token, TokenCarrier.HEADER)
        if isinstance(checked, AccessRefusal):
            status = _REFUSALS[checked.status]
            wait = _CHECK_RETRY_SECONDS if status is HandshakeRefusal.UNAVAILABLE else None
            await refuse(send, status, checked.sentence, wait)
            return None
        error = await self._reception.charge(arrival, checked)
        if error is not None:
            assert error.retry_after_seconds is not None
            wait = max(1, math.ceil(error.retry_after_seconds))
            await refuse(send, HandshakeRefusal.LIMIT_REACHED, str(error), wait)
            return None
        return checked

    async def _accept(self, handshake: WebSocketHandshake, credentials: Credentials, send: Send) -> WebSocketConnection:
        await send({"type": "websocket.accept", "subprotocol": credentials.subprotocol})
        connection = handshake.hand_over(self._monitor)
        connection.limit_send_buffer(self._send_buffer_bytes)
        return connection


class WebSocketRoutes(NamedTuple):
    """The endpoints of sockets."""

    readers: Application
    """Of all other paths too."""
    producers: Application
    """Of paths that begin with ``PUBLISH_PREFIX``."""


class WebSocketRouter:
    """Middleware that routes WebSockets to the endpoint, past the middleware for HTTP.

    Each layer between a connection and its application costs memory while the connection lives.
    """

    def __init__(self, app: Application, routes: WebSocketRoutes) -> None:
        self._app = app
        self._routes = routes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Not a coroutine function, which would be such a layer."""
        if scope["type"] != "websocket":
            return self._app(scope, receive, send)
        publishes = scope["path"].startswith(PUBLISH_PREFIX)
        return (self._routes.producers if publishes else self._routes.readers)(scope, receive, send)


def origin_allowed(scope: Scope, allowed: frozenset[str]) -> bool:
    """Whether the Origin header, which only browsers send, is allowed."""
    return "*" in allowed or all(origin in allowed for origin in _header(scope, b"origin"))


def trace_context(scope: Scope) -> TraceContext | None:
    """The context in the headers of the request; ``None`` if it is invalid, as with more than one ``traceparent``."""
    parents = _header(scope, b"traceparent")
    if len(parents) != 1:
        return None
    return parse_trace_context(TraceHeaders(parents[0], ",".join(_header(scope, b"tracestate"))))


def _header(scope: Scope, wanted: bytes) -> list[str]:
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
