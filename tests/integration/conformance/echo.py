"""A server that sends each message back, with the connection of the service: ``python -m ...conformance.echo``.

It prints its port, and ends at SIGTERM.
"""

import socket
import sys
from typing import Any

import uvicorn

from service.process.server import uvicorn_config
from service.settings import Settings

LARGEST_MESSAGE = 16 * 2**20
"""Bytes: that of the cases."""


async def echo(_scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        kind = "text" if event.get("text") is not None else "bytes"
        await send({"type": "websocket.send", kind: event[kind]})


def create_echo() -> Any:  # noqa: ANN401 - ASGI's
    return echo


if __name__ == "__main__":
    config = uvicorn_config(f"{__spec__.name}:create_echo", Settings())
    config.lifespan = "off"
    config.ws_max_size = LARGEST_MESSAGE
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(config).run([listener])
