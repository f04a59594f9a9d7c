"""One HTTP connection: the protocol class of uvicorn, with limits on what a client may send and leave unread.

No route but that of appends to live streams has a request body of any size, so one limit on bytes and one on time hold
for a request as a whole: its head and its body. A request that was not read in time or in full is refused, and its
connection closes.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import httptools
import uvicorn
from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.client_address import TrustedProxies
from service.events import AttemptOutcome, DropReason, SocketDropped
from service.live.append_limits import MAX_APPEND_BYTES
from service.process.http_refusal import Refused, response_to
from service.process.read_progress import ReadProgress, end_unacknowledged
from service.process.socket_limiter import SocketLimiter
from service.session.ports import Recorder

_SLICE_BYTES = 1024
"""What is parsed at once. The next slice waits for the responses to the requests in this one."""

_STREAM_PREFIX, _APPEND_SUFFIX, _EVENTS_SUFFIX = "/v1/streams/", "/append", "/events"
_APPEND_BYTES = 2 * MAX_APPEND_BYTES
"""For the body of an append, and the sizes of its parts if it is sent in parts. The route has a limit of its own."""

_EVENT_STALLS = 6
"""A reader by server-sent events that acknowledges nothing for this number of ``stall_seconds`` has gone: its events,
and the comments between them, may be too few to wait in the process."""

_LINGER_SECONDS = 2.0
"""For a client that goes on sending after its request was refused."""

_ONE_HOST = "The request must have exactly one Host header."

_HANDSHAKE_STATUS = {
    AttemptOutcome.REFUSED_CAPACITY: HTTPStatus.SERVICE_UNAVAILABLE,
    AttemptOutcome.REFUSED_ADDRESS: HTTPStatus.TOO_MANY_REQUESTS,
}


class HttpLimits(Struct, frozen=True):
    """What one connection may do."""

    request_seconds: float
    """From the accept, or from the first byte of a later request, until the request is complete."""
    request_bytes: int
    """Head and body of a request; up to a slice more may be accepted, and more of an append to a live stream."""
    stall_seconds: float
    """Without progress of a client that does not read its response."""
    event_buffer_bytes: int
    """Of the kernel, for a response of server-sent events: with a larger one such a client is noticed later."""


class HttpConnection(HttpToolsProtocol):
    """Becomes the WebSocket protocol of the configuration at a handshake. Fulfils ``PendingSocket``."""

    def __init__(  # noqa: PLR0913 - three of uvicorn, four of the service
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        limits: HttpLimits,
        limiter: SocketLimiter,
        proxies: TrustedProxies,
        recorder: Recorder,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.address = ""
        self._opened = False
        """Whether it has a transport."""
        self._limits = limits
        self._limiter = limiter
        self._proxies = proxies
        self._recorder = recorder
        self._unread = bytearray()
        """What was received and not parsed."""
        self._cycles: deque[RequestResponseCycle] = deque()
        """Requests whose response is outstanding."""
        self._request_bytes = 0
        self._max_bytes = limits.request_bytes
        """Of the current request."""
        self._head_complete = False
        self._complete = False
        """Whether the last request that has begun is complete."""
        self._deadline: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._progress: ReadProgress | None = None
        """Once something may have waited for the client."""
        self._end: Callable[[], None] | None = None
        """What ends the connection once no response is outstanding. Nothing more is parsed."""
        self.connections.add(self)
        limiter.wait(self)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        if self not in self.connections:  # evicted
            transport.abort()
            return
        self._opened = True
        super().connection_made(transport)
        self._start_deadline()
        if self.client is not None and not self._proxies.trusts(self.client[0]):
            self.address = self._proxies.client_address({"client": self.client, "headers": ()})
            self._limiter.limit_address(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._limiter.forget(self)
        self._cancel_timers()
        self.connections.discard(self)
        if self._opened:
            self._limiter.release(self.transport)
            super().connection_lost(exc)
        for cycle in self._cycles:  # uvicorn stops the last one only
            _abandon(cycle)

    def data_received(self, data: bytes) -> None:
        if self._end is None:
            self._unread += data
            self._parse()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._limiter.idle(self)
        self._watch_progress()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._cycles:
            self._limiter.forget(self)

    def evict(self) -> None:
        """Close at once, for another socket."""
        self.connections.discard(self)
        self._cancel_timers()
        if self._opened:
            self.transport.abort()

    def shutdown(self) -> None:
        """Uvicorn calls this at its end."""
        if self._opened:
            super().shutdown()
            self._watch_progress()

    # Reading

    def _parse(self) -> None:
        while self._unread and self._end is None and not (self._cycles and self._complete):
            piece = bytes(self._unread[:_SLICE_BYTES])
            del self._unread[:_SLICE_BYTES]
            if not self._feed(piece):
                return
        if self._unread:
            self.flow.pause_reading()
        elif not self._cycles:
            self.flow.resume_reading()
        if self._complete:
            self._cancel_deadline()
        elif self._deadline is None and self._request_bytes:
            self._start_deadline()

    def _feed(self, piece: bytes) -> bool:
        """Parse a piece; return ``False`` if this object reads no more."""
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                return False
            self._unread[:0] = piece[upgrade.args[0] :]  # RFC 9110 section 7.8: another protocol may be ignored
        except httptools.HttpParserError as error:
            refused = error.__context__
            self._refuse(refused if isinstance(refused, Refused) else Refused(HTTPStatus.BAD_REQUEST))
            return False
        if self._complete:
            return True
        self._request_bytes += len(piece)
        if self._request_bytes > self._max_bytes:
            self._refuse(Refused(self._too_large()), DropReason.TOO_LARGE)
            return False
        return True

    def _too_large(self) -> HTTPStatus:
        if self._head_complete:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if self.headers else HTTPStatus.REQUEST_URI_TOO_LONG

    # httptools

    def on_message_begin(self) -> None:
        self._unset_keepalive_if_required()
        if self._complete:  # else it is the first, whose time began with the accept
            self._cancel_deadline()
        self._complete = self._head_complete = False
        self._request_bytes = 0
        self._max_bytes = self._limits.request_bytes
        if not self._cycles:
            self._limiter.wait(self)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise Refused(HTTPStatus.BAD_REQUEST, _ONE_HOST)
        if self.parser.should_upgrade() and self._should_upgrade():
            self._check_handshake()
            super().on_headers_complete()
        else:
            super().on_headers_complete()
            self._cycles.append(self.cycle)
            path = self.cycle.scope["path"]
            if _is_of_stream(path, _APPEND_SUFFIX):
                self._max_bytes += _APPEND_BYTES
            elif _is_of_stream(path, _EVENTS_SUFFIX):
                self._limit_events()
        self._head_complete = True

    def _limit_events(self) -> None:
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._limits.event_buffer_bytes)
        end_unacknowledged(connection, _EVENT_STALLS * self._limits.stall_seconds)

    def on_message_complete(self) -> None:
        self._complete = True
        if self._cycles:
            self._limiter.forget(self)
        super().on_message_complete()

    def _check_handshake(self) -> None:
        if self._cycles:
            raise Refused(HTTPStatus.BAD_REQUEST)  # the response would be written between frames
        address = self._proxies.client_address(cast("dict[str, Any]", self.scope))
        if (refusal := self._limiter.admit_handshake(address, self.transport)) is not None:
            raise Refused(_HANDSHAKE_STATUS[refusal])

    def handle_websocket_upgrade(self) -> None:
        self._limiter.forget(self)
        self._cancel_timers()
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment] # a cycle, which would live until a collection

    # Responses

    def on_response_complete(self) -> None:
        self._cycles.popleft()
        super().on_response_complete()
        if self._unread:
            self.flow.pause_reading()  # uvicorn has resumed it; what was read is enough for now
        if self.transport.is_closing():
            self._limiter.idle(self)
            self._watch_progress()
            return
        if self._cycles:
            return
        self._limiter.idle(self)
        if self._end is not None:
            self._end()
        elif self._unread:
            self._parse()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_progress()

    # Ends

    def _refuse(self, refused: Refused, reason: DropReason = DropReason.INVALID) -> None:
        """Answer and close, after the responses that are outstanding; without an answer if the request has its own."""
        if refused.status is not HTTPStatus.TOO_MANY_REQUESTS and refused.status is not HTTPStatus.SERVICE_UNAVAILABLE:
            self._recorder.record(SocketDropped(reason))
        self._unread.clear()
        self._cancel_deadline()
        if self._head_complete and self._cycles and not self._cycles[-1].response_started:
            _abandon(self._cycles.pop())  # its application waits for the rest of the body
            self._head_complete = False
        response = b"" if self._head_complete else response_to(refused, self.server_state.default_headers)

        def end() -> None:
            """Close, but read on for a while: closed with unread input, the client would lose the response."""
            self._unset_keepalive_if_required()
            self._limiter.idle(self)
            self.transport.write(response)
            self.transport.write_eof()
            self.flow.resume_reading()
            self._linger = self._linger or self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

        self._end = end
        if not self._cycles:
            end()

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self._limits.request_seconds, self._expire)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        if self._request_bytes and not self._head_complete:
            self._refuse(Refused(HTTPStatus.REQUEST_TIMEOUT), DropReason.TIMEOUT)
        else:  # nothing has arrived, or the body lasts: a client without a request expects no response
            self._recorder.record(SocketDropped(DropReason.TIMEOUT))
            self.transport.abort()

    def _watch_progress(self) -> None:
        """Abort if the client reads nothing of what was written: a transport waits for it without end."""
        if self._progress is None:
            self._progress = ReadProgress(self.transport, self._limits.stall_seconds, self._abort_stalled)
        self._progress.watch()

    def _abort_stalled(self) -> None:
        self._recorder.record(SocketDropped(DropReason.STALLED))
        self.transport.abort()

    def _cancel_timers(self) -> None:
        self._cancel_deadline()
        self._unset_keepalive_if_required()
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if self._progress is not None:
            self._progress.stop()


def _abandon(cycle: RequestResponseCycle) -> None:
    """For its application the client has gone."""
    cycle.disconnected = True
    cycle.message_event.set()


def _is_of_stream(path: str, suffix: str) -> bool:
    return path.startswith(_STREAM_PREFIX) and path.endswith(suffix)
