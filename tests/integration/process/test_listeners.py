"""The sockets that a start binds, or why it cannot."""

import socket

import pytest

from service.process.listeners import listen
from service.settings import Settings, SettingsError

LOOPBACK = "127.0.0.1"


def test_metrics_have_a_listener_of_their_own_if_they_have_a_port() -> None:
    listeners = listen(Settings(host=LOOPBACK, port=0, metrics_port=0))
    [streams, metrics] = listeners.sockets
    assert (listeners.streams, listeners.metrics) == ([streams], [metrics])
    with streams, metrics:
        assert streams.getsockname()[0] == metrics.getsockname()[0] == LOOPBACK
        assert streams.getsockname()[1] != metrics.getsockname()[1]


@pytest.mark.parametrize("variable", ["PORT", "METRICS_PORT"])
def test_a_port_that_is_taken_is_named(variable: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"port": 0, "metrics_port": None, variable.lower(): port}
        with pytest.raises(SettingsError) as refusal:
            listen(Settings(host=LOOPBACK, **ports))
    assert str(refusal.value).startswith(f"{variable}={port} on HOST={LOOPBACK} cannot be had: Address already in use")


def test_a_host_that_is_not_of_this_machine_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^PORT=0 on HOST=192\.0\.2\.1 cannot be had: "):
        listen(Settings(host="192.0.2.1", port=0))


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
def test_the_url_is_one_that_a_browser_on_this_machine_can_open(host: str, shown: str) -> None:
    listeners = listen(Settings(host=host, port=0))
    [socket_] = listeners.sockets
    with socket_:
        assert listeners.url == f"http://{shown}:{socket_.getsockname()[1]}"
