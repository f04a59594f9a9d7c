"""uvicorn, set up for this service, and going away in the order that the protocol promises."""

import asyncio
import socket
from types import FrameType

import uvicorn

from service.core.events import ServerListening
from service.core.ports import Recorder
from service.settings import Settings
from service.transport.hub import Hub
from service.transport.websocket import CLOSING_SECONDS, StreamSocket

HUB_STATE = "hub"
RECORDER_STATE = "recorder"
"""The keys under which the application's lifespan state carries its hub and its recorder."""

_GRACEFUL_SECONDS = 3
"""What uvicorn may take for the rest once all sockets are told."""

_SMALLEST_FRAME_LIMIT = 2 * 1024 * 1024
"""So that content which is too large by far still gets an answer and not a closed socket."""


def uvicorn_config(application: str, settings: Settings) -> uvicorn.Config:
    """uvicorn's side of our settings. ``application`` is the import string of an application factory."""
    escaped = 6 * settings.max_content_size  # JSON may write each byte as \uXXXX
    return uvicorn.Config(
        application,
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws=StreamSocket,
        ws_max_size=max(_SMALLEST_FRAME_LIMIT, escaped + 65_536),
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        ws_per_message_deflate=False,  # it more than doubles the cost of a chunk and of an idle connection
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing here trusts an address
        server_header=False,
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
    )


class Server(uvicorn.Server):
    """Drains before it shuts down: uvicorn alone would close every socket at the first signal."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._hurried = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second skips the wait; the process then ends by itself, with status 0."""
        if self.should_exit:
            self._hurried = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        recorder: Recorder = self.lifespan.state[RECORDER_STATE]
        for server in self.servers:
            for listener in server.sockets:
                host, port = listener.getsockname()[:2]
                recorder.record(ServerListening(host, port))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        hub: Hub = self.lifespan.state[HUB_STATE]
        await hub.drain(self._drain_seconds, hurried=lambda: self._hurried)
        await self._part()
        await super().shutdown(sockets)

    async def _part(self) -> None:
        """Give peers the moment to answer our close frame after which a socket aborts by itself."""
        deadline = asyncio.get_running_loop().time() + CLOSING_SECONDS + 0.5
        # uvicorn keeps a set and tells nobody when it is empty, so this looks now and then.
        while self._sockets_are_open() and not self._hurried and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    def _sockets_are_open(self) -> bool:
        return any(isinstance(connection, StreamSocket) for connection in self.server_state.connections)
