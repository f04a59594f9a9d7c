"""The listening sockets: bound once, by the process that starts the workers."""

import socket
from contextlib import ExitStack

from msgspec import Struct

from service.settings import Settings, SettingsError

METRICS_PORTS_STATE = "metrics_ports"
"""The key of the ports that serve only metrics in the state of each request."""


class Listeners(Struct, frozen=True):
    """The sockets that all processes of this instance serve."""

    streams: list[socket.socket]
    metrics: list[socket.socket]
    """Empty without ``METRICS_PORT``."""

    @property
    def sockets(self) -> list[socket.socket]:
        return self.streams + self.metrics

    @property
    def url(self) -> str:
        """The address of the service for a browser on this machine."""
        host, port = self.streams[0].getsockname()[:2]
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        return f"http://{name}:{port}"


def listen(settings: Settings) -> Listeners:
    """Bind the addresses of the settings. Raises ``SettingsError`` if one is not available."""
    with ExitStack() as failing:
        streams = _bind(failing, "PORT", settings.host, settings.port)
        metrics = (
            []
            if settings.metrics_port is None
            else _bind(failing, "METRICS_PORT", settings.host, settings.metrics_port)
        )
        failing.pop_all()
    return Listeners(streams, metrics)


def _bind(failing: ExitStack, variable: str, host: str, port: int) -> list[socket.socket]:
    """Bind a socket for each address of the host; ``localhost`` may have two."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [
            failing.enter_context(socket.create_server(address, family=family))
            for family, _, _, _, address in dict.fromkeys(addresses)
        ]
    except OSError as error:
        raise SettingsError(f"{variable}={port} on HOST={host} is not available: {error.strerror}.") from error
