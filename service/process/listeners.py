"""The listening sockets: bound once, whichever processes serve them."""

import socket
from contextlib import ExitStack

from msgspec import Struct

from service.settings import Settings, SettingsError

METRICS_PORTS_STATE = "metrics_ports"
"""The key under which each request's state carries the ports that are for metrics, if there are any."""


class Listeners(Struct, frozen=True):
    """Where the service listens. Every process that gets them, this one or another, serves the very same sockets."""

    streams: list[socket.socket]
    metrics: list[socket.socket]
    """Empty if the metrics have no port of their own."""

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
    """Bind what the settings name. Raises ``SettingsError`` for an address that is not to be had."""
    with ExitStack() as failing:
        streams = _bound(failing, "PORT", settings.host, settings.port)
        metrics = (
            []
            if settings.metrics_port is None
            else _bound(failing, "METRICS_PORT", settings.host, settings.metrics_port)
        )
        failing.pop_all()
    return Listeners(streams, metrics)


def _bound(failing: ExitStack, variable: str, host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, as ``localhost`` may have two."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [
            failing.enter_context(socket.create_server(address, family=family))
            for family, _, _, _, address in dict.fromkeys(addresses)
        ]
    except OSError as error:
        raise SettingsError(f"{variable}={port} on HOST={host} cannot be had: {error.strerror}.") from error
