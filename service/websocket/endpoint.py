"""The endpoint ``/ws/stream/{session_id}``: checks a handshake, opens the session and starts the driver."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from msgspec import Struct

from service.client_address import TrustedProxies
from service.events import AttemptOutcome, ConnectionAttempted, ErrorSent, FaultRaised, FaultSource
from service.protocol.close_codes import CloseCode, HandshakeRefusal
from service.protocol.codec import is_session_id
from service.protocol.errors import InternalError, OverCapacity, StreamingError
from service.protocol.limits import Limits
from service.protocol.server_messages import ErrorMessage
from service.protocol.trace import TraceContext, TraceHeaders, parse_trace_context
from service.session.machine import SessionMachine
from service.session.options import DEFAULT_OPTIONS, SessionOptions
from service.websocket.call_origin import CallOrigin, call_origin
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.driver import Driver
from service.websocket.effect_handler import Services
from service.websocket.handshake import EXTENSION, WebSocketHandshake
from service.websocket.hub import Hub, Member

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/ws/stream/"

_UNKNOWN_PATH = "No WebSocket is at this path. Connect to /ws/stream/{session_id}."
_INVALID_SESSION_ID = "The session id must be 1 to 64 of A-Z a-z 0-9 _ - . : and not '.' or '..'."
_FOREIGN_ORIGIN = "This origin is not allowed. Ask the operator to add it to ALLOWED_ORIGINS."


class _Attempt(Struct, frozen=True):
    """A handshake that is not answered yet."""

    started_at: float
    client: TraceContext | None


class StreamEndpoint:
    """An ASGI application for ``WebSocketHandshake``. It returns when a connection has begun."""

    def __init__(  # noqa: PLR0913 - independent settings and components
        self,
        hub: Hub,
        monitor: ConnectionMonitor,
        limits: Limits,
        allowed_origins: frozenset[str],
        send_buffer_bytes: int,
        *,
        services: Services,
        stores_content: bool,
        draining_retry_seconds: int,
        proxies: TrustedProxies,
        options: SessionOptions = DEFAULT_OPTIONS,
    ) -> None:
        self._hub = hub
        self._proxies = proxies
        self._monitor = monitor
        self._limits = limits
        self._stores_content = stores_content
        self._options = options
        self._draining_retry_seconds = draining_retry_seconds
        self._allowed_origins = allowed_origins
        self._send_buffer_bytes = send_buffer_bytes
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        attempt = _Attempt(self._services.clock().seconds, _trace_context(scope))
        handshake: WebSocketHandshake = scope["extensions"].pop(EXTENSION)
        session_id = scope["path"].removeprefix(PREFIX)
        await receive()  # websocket.connect
        if not scope["path"].startswith(PREFIX):
            await _refuse(send, HandshakeRefusal.UNKNOWN_PATH, _UNKNOWN_PATH)
        elif not is_session_id(session_id):
            self._record_attempt(attempt, AttemptOutcome.REFUSED_SESSION)
            await _refuse(send, HandshakeRefusal.INVALID_SESSION_ID, _INVALID_SESSION_ID)
        elif not self._origin_allowed(scope):
            self._record_attempt(attempt, AttemptOutcome.REFUSED_ORIGIN, session_id)
            await _refuse(send, HandshakeRefusal.FOREIGN_ORIGIN, _FOREIGN_ORIGIN)
        elif self._hub.draining:
            self._record_attempt(attempt, AttemptOutcome.REFUSED_DRAINING, session_id)
            sentence = f"The server restarts. Reconnect after {self._draining_retry_seconds} s."
            await _refuse(send, HandshakeRefusal.DRAINING, sentence, self._draining_retry_seconds)
        else:
            await send({"type": "websocket.accept"})
            connection = handshake.hand_over(self._monitor)
            connection.limit_send_buffer(self._send_buffer_bytes)
            if not self._hub.reserve():
                self._refuse_capacity(connection, session_id, attempt)
            elif (
                driver := await self._open(connection, session_id, self._proxies.identify(scope, session_id), attempt)
            ) is None:
                self._hub.release()
            else:
                self._hub.register(driver)
                driver.start()

    def _refuse_capacity(self, connection: WebSocketConnection, session_id: str, attempt: _Attempt) -> None:
        self._record_attempt(attempt, AttemptOutcome.REFUSED_CAPACITY, session_id)
        error = OverCapacity("The server is full. Reconnect in some seconds.")
        self._close_with_error(connection, session_id, error, CloseCode.OVER_CAPACITY)

    async def _open(
        self, connection: WebSocketConnection, session_id: str, content_client: str, attempt: _Attempt
    ) -> Driver | None:
        """Open the session; return ``None`` if it failed, and the connection closes."""
        services = self._services
        call_origin.set(CallOrigin(session_id=session_id))
        try:
            snapshot = await services.store.open(session_id)
        except Exception as exception:  # noqa: BLE001 - every exception is reported to the client
            error_id = services.ids.new_id()
            self._record_attempt(attempt, AttemptOutcome.ERROR, session_id, exception)
            services.recorder.record(FaultRaised(error_id, FaultSource.SESSION_STORE, exception, session_id=session_id))
            error = InternalError(
                f"The session could not be opened. Reconnect soon; if it lasts, report id {error_id}."
            )
            self._close_with_error(connection, session_id, error, CloseCode.INTERNAL_ERROR)
            return None
        self._record_attempt(attempt, AttemptOutcome.ACCEPTED, session_id)
        token = services.ids.new_token() if self._stores_content else None
        connection_id, now = services.ids.new_id(), services.clock()
        machine = SessionMachine(snapshot, connection_id, self._limits, now, token, options=self._options)
        return Driver(connection, machine, services, self._forget, content_client)

    def _forget(self, driver: Member) -> None:
        self._hub.discard(driver)
        self._hub.release()

    def _origin_allowed(self, scope: Scope) -> bool:
        """Whether the Origin header, which only browsers send, is allowed."""
        if "*" in self._allowed_origins:
            return True
        return all(origin in self._allowed_origins for origin in _header(scope, b"origin"))

    def _close_with_error(
        self, connection: WebSocketConnection, session_id: str, error: StreamingError, code: CloseCode
    ) -> None:
        self._services.recorder.record(ErrorSent("", session_id, error.code, str(error), error.reportable))
        self._services.writer.send(connection, ErrorMessage.of(error))
        connection.close(code, code.reason)

    def _record_attempt(
        self,
        attempt: _Attempt,
        outcome: AttemptOutcome,
        session_id: str = "",
        exception: Exception | None = None,
    ) -> None:
        seconds = self._services.clock().seconds - attempt.started_at
        self._services.recorder.record(ConnectionAttempted(outcome, session_id, seconds, attempt.client, exception))


class WebSocketRouter:
    """Middleware that routes WebSockets to the endpoint, past the middleware for HTTP.

    Each layer between a connection and its application costs memory while the connection lives.
    """

    def __init__(self, app: Application, endpoint: StreamEndpoint) -> None:
        self._app = app
        self._endpoint = endpoint

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Not a coroutine function, which would be such a layer."""
        return (self._endpoint if scope["type"] == "websocket" else self._app)(scope, receive, send)


def _trace_context(scope: Scope) -> TraceContext | None:
    """The context in the headers of the request; ``None`` if it is invalid, as with more than one ``traceparent``."""
    parents = _header(scope, b"traceparent")
    if len(parents) != 1:
        return None
    return parse_trace_context(TraceHeaders(parents[0], ",".join(_header(scope, b"tracestate"))))


def _header(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


async def _refuse(send: Send, status: HandshakeRefusal, sentence: str, retry_after_seconds: int | None = None) -> None:
    """Answer the handshake with an HTTP status; a browser cannot read it, other clients can."""
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if retry_after_seconds is not None:
        headers.append((b"retry-after", str(retry_after_seconds).encode()))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
