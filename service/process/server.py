"""uvicorn with the configuration of this service, and with the shutdown that the protocol describes."""

import asyncio
import gc
import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.importer import import_from_string

from service.events import ListenerPurpose, ServerListening, SocketLimitSet, WorkerReplaced
from service.process.acceptor import Acceptor
from service.process.descriptors import DescriptorLimit, pending_sockets, raise_descriptor_limit
from service.process.http_connection import HttpConnection, HttpLimits
from service.process.listeners import METRICS_PORTS_STATE, Listeners, listen
from service.process.socket_limiter import SocketLimiter, SocketLimits
from service.process.supervisor import Supervisor, Workers, handle_hangup
from service.session.ports import Recorder
from service.settings import Settings
from service.websocket.connection import CLOSING_SECONDS, WebSocketConnection
from service.websocket.handshake import WebSocketHandshake
from service.websocket.hub import Hub

HUB_STATE = "hub"
RECORDER_STATE = "recorder"
"""The keys of the hub and the recorder in the lifespan state of the application."""

_GRACEFUL_SECONDS = 3
"""The limit for the shutdown of uvicorn after the close frames."""

TELEMETRY_SECONDS = 3
"""The limit for exporting the last telemetry."""


def run(
    application: str,
    settings: Settings,
    workers: Workers | None = None,
    on_listening: Callable[[Listeners], None] | None = None,
) -> int:
    """Serve until a signal, in this process or in ``workers``; return the exit status.

    ``application`` is the import string of an application factory, which each process calls, a worker with its context
    as the argument ``worker``; ``on_listening`` is called once, before the first request is served. Raises
    ``SettingsError`` if an address is not available, and ``SystemExit`` if the application does not start.
    """
    listeners = listen(settings)
    if on_listening is not None:
        on_listening(listeners)
    if workers is None:
        Server(uvicorn_config(application), settings, listeners).run(listeners.sockets)
        return 0
    work = partial(_work, application, settings, listeners)
    end_seconds = settings.drain_seconds + CLOSING_SECONDS + _GRACEFUL_SECONDS + TELEMETRY_SECONDS + 1
    return Supervisor(work, workers, settings.worker_hung_seconds, end_seconds).run()


def _work(
    application: str, settings: Settings, listeners: Listeners, context: object, replaced: WorkerReplaced | None
) -> None:
    """Serve as a worker."""
    factory = partial(import_from_string(application), worker=context)
    Server(uvicorn_config(factory), settings, listeners, replaced).run(listeners.sockets)


def uvicorn_config(application: str | Callable[[], Any]) -> uvicorn.Config:
    """The configuration of uvicorn. ``application`` is an application factory or its import string."""
    return uvicorn.Config(
        application,
        factory=True,
        loop="uvloop",
        http=HttpConnection,
        ws=WebSocketHandshake,  # the server adds its arguments
        ws_ping_interval=None,  # the connection monitor pings
        ws_per_message_deflate=False,  # it more than doubles the cost of a chunk and of an idle connection
        log_config=None,
        access_log=False,
        proxy_headers=False,  # the service trusts no address
        server_header=False,
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
    )


class Server(uvicorn.Server):
    """Drains before it shuts down, where uvicorn closes every socket at the first signal."""

    def __init__(
        self, config: uvicorn.Config, settings: Settings, listeners: Listeners, replaced: WorkerReplaced | None = None
    ) -> None:
        """``replaced`` is recorded if this process replaces a worker."""
        super().__init__(config)
        self._settings = settings
        self._http_limits = HttpLimits(
            settings.request_timeout, settings.max_request_size, settings.chunk_timeout, settings.send_buffer_size
        )
        self._proxies = settings.proxies
        self._listeners = listeners
        self._replaced = replaced
        self._skip_drain = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Also SIGHUP, of a terminal that closes, unless nohup has it ignored."""
        with super().capture_signals():
            before = handle_hangup(self.handle_exit)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second skips the wait; the process then ends by itself, with status 0.

        A terminal that closes may send SIGHUP twice, so that one never skips it.
        """
        if sig in {signal.SIGINT, signal.SIGHUP} and multiprocessing.parent_process() is not None:
            return  # all processes of a terminal receive them; a worker stops at the SIGTERM of the supervisor
        if self.should_exit and sig != signal.SIGHUP:
            self._skip_drain = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As that of uvicorn, with an acceptor of the service in place of the servers of the event loop."""
        metrics_ports = frozenset(_address(listener)[1] for listener in self._listeners.metrics)
        self.lifespan.state[METRICS_PORTS_STATE] = metrics_ports
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        recorder: Recorder = self.lifespan.state[RECORDER_STATE]
        descriptors = raise_descriptor_limit(self._settings)
        self._limiter = self._create_limiter(descriptors, recorder)
        self.config.ws_protocol_class = partial(  # type: ignore[assignment] # it is called only
            WebSocketHandshake, on_lost=self._limiter.release, pending_sockets=self._limiter, recorder=recorder
        )
        acceptor = Acceptor(sockets or [], self._create_connection, self._limiter, recorder)
        self.servers = [acceptor]  # type: ignore[list-item] # uvicorn closes it at the end
        acceptor.start()
        self.started = True
        # Objects that exist now are kept; without freeze, each full collection would delay all streams by 20 ms. They
        # are not collected before, which would delay the start by more: a thousand of them are garbage.
        gc.freeze()
        gc.enable()
        recorder.record(SocketLimitSet(descriptors.sockets, descriptors.descriptors, descriptors.needed))
        if self._replaced is not None:
            recorder.record(self._replaced)
        for listener in self._listeners.streams:
            recorder.record(ServerListening(*_address(listener), ListenerPurpose.STREAMS))
        for listener in self._listeners.metrics:
            recorder.record(ServerListening(*_address(listener), ListenerPurpose.METRICS))

    def _create_limiter(self, descriptors: DescriptorLimit, recorder: Recorder) -> SocketLimiter:
        hub: Hub = self.lifespan.state[HUB_STATE]
        limits = SocketLimits(pending_sockets(self._settings), descriptors.sockets)
        connections = self.server_state.connections
        return SocketLimiter(limits, hub.addresses, lambda: len(connections), lambda: hub.connections, recorder)

    def _create_connection(self) -> HttpConnection:
        return HttpConnection(
            self.config,
            self.server_state,
            self.lifespan.state,
            limits=self._http_limits,
            limiter=self._limiter,
            proxies=self._proxies,
            recorder=self.lifespan.state[RECORDER_STATE],
        )

    async def on_tick(self, counter: int) -> bool:
        supervisor = multiprocessing.parent_process()
        if supervisor is not None and not supervisor.is_alive():
            self.should_exit = True  # else it would occupy the port of the next start
        self._limiter.report()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        hub: Hub = self.lifespan.state[HUB_STATE]
        await hub.drain(
            self._settings.drain_seconds,
            self._settings.restart_seconds,
            is_forced=lambda: self._skip_drain,
            workers=self._settings.max_workers,
        )
        await self._wait_for_closes()
        await super().shutdown(sockets)

    async def _wait_for_closes(self) -> None:
        """Wait for the close frames of the clients, until the connections are aborted."""
        deadline = asyncio.get_running_loop().time() + CLOSING_SECONDS + 0.5
        # uvicorn keeps a set of connections without an event for its end
        while self._sockets_are_open() and not self._skip_drain and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    def _sockets_are_open(self) -> bool:
        return any(isinstance(connection, WebSocketConnection) for connection in self.server_state.connections)


def _address(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return host, port
