"""Accepts sockets, a few in each pass of the event loop, also after an accept has failed.

The server of uvloop closes its listener, without a word, when an accept fails for lack of descriptors.
"""

import asyncio
import select
import socket
from collections.abc import Callable, Sequence

from service.events import AcceptPaused, AcceptResumed
from service.process.http_connection import HttpConnection
from service.process.socket_limiter import SocketLimiter
from service.session.ports import Recorder

_BACKLOG = 2048

_PAUSE_SECONDS = 0.1
"""After a failure: descriptors become free when the sockets that were closed for this are gone."""

_EVICTIONS = 8
"""Sockets that are closed when there is no descriptor."""


class Acceptor:
    """Has the methods that uvicorn calls on a server of the event loop."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        create: Callable[[], HttpConnection],
        limiter: SocketLimiter,
        recorder: Recorder,
    ) -> None:
        self._listeners = listeners
        self._create = create
        self._limiter = limiter
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._paused_at: float | None = None
        """When accepting failed first, until it has succeeded again."""

    def start(self) -> None:
        """Listen and accept."""
        for listener in self._listeners:
            listener.settimeout(0)
            listener.listen(_BACKLOG)
        self._accept_when_ready()

    def close(self) -> None:
        """Accept no more. The listeners stay open."""
        if self._resume is not None:
            self._resume.cancel()
        self._stop()

    async def wait_closed(self) -> None:
        """Nothing is left to wait for: sockets live longer."""

    def _accept_when_ready(self) -> None:
        for listener in self._listeners:
            self._loop.add_reader(listener, self._accept, listener)

    def _retry(self) -> None:
        self._resume = None
        self._accept_when_ready()
        for listener in self._listeners:
            self._accept(listener)  # also without a client, so that the end of the pause is noticed

    def _stop(self) -> None:
        for listener in self._listeners:
            self._loop.remove_reader(listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(self._limiter.accepts_a_pass):
            if not self._limiter.make_room():
                self._pause("every socket has a request or a handshake in progress")
                return
            try:
                accepted, _address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                self._resumed()
                return  # no client, another worker has it, or it has left
            except OSError as error:
                if self._paused_at is None and not _has_client(listener):
                    return  # without a descriptor it fails also then, and no socket need be closed
                for _ in range(_EVICTIONS):
                    self._limiter.evict_one()
                self._pause(error.strerror or type(error).__name__)
                return
            self._accepted(accepted)

    def _accepted(self, accepted: socket.socket) -> None:
        accepted.settimeout(0)
        task = self._loop.create_task(self._open(accepted, self._create()))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        self._resumed()

    def _resumed(self) -> None:
        if self._paused_at is not None:
            self._recorder.record(AcceptResumed(self._loop.time() - self._paused_at))
            self._paused_at = None

    async def _open(self, accepted: socket.socket, connection: HttpConnection) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: connection, accepted)
        except OSError as error:  # the client has left
            connection.connection_lost(error)
            accepted.close()

    def _pause(self, reason: str) -> None:
        self._stop()
        if self._resume is not None:
            self._resume.cancel()
        self._resume = self._loop.call_later(_PAUSE_SECONDS, self._retry)
        if self._paused_at is None:
            self._paused_at = self._loop.time()
            self._recorder.record(AcceptPaused(reason))


def _has_client(listener: socket.socket) -> bool:
    poll = select.poll()  # takes no descriptor
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(0))
