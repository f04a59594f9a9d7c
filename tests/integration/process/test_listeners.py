"""The listening sockets of a start, and the errors when an address is not available."""

import socket

import pytest

from service.process.listeners import listen
from service.settings import Settings, SettingsError

LOOPBACK = "127.0.0.1"


def test_a_metrics_port_has_its_own_listener() -> None:
    listeners = listen(Settings(host=LOOPBACK, port=0, metrics_port=0))
    [streams, metrics] = listeners.sockets
    assert (listeners.streams, listeners.metrics) == ([streams], [metrics])
    with streams, metrics:
        assert streams.getsockname()[0] == metrics.getsockname()[0] == LOOPBACK
        assert streams.getsockname()[1] != metrics.getsockname()[1]


@pytest.mark.parametrize("variable", ["PORT", "METRICS_PORT"])
def test_the_error_names_a_port_that_is_in_use(variable: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as bound:
        port = bound.getsockname()[1]
        ports = {"port": 0, "metrics_port": None, variable.lower(): port}
        with pytest.raises(SettingsError) as refusal:
            listen(Settings(host=LOOPBACK, **ports))
    assert str(refusal.value).startswith(
        f"{variable}={port} on HOST={LOOPBACK} is not available: Address already in use"
    )


def test_the_error_names_a_host_of_another_machine() -> None:
    with pytest.raises(SettingsError, match=r"^PORT=0 on HOST=192\.0\.2\.1 is not available: "):
        listen(Settings(host="192.0.2.1", port=0))


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
def test_the_url_is_one_that_a_browser_on_this_machine_can_open(host: str, shown: str) -> None:
    listeners = listen(Settings(host=host, port=0))
    [socket_] = listeners.sockets
    with socket_:
        assert listeners.url == f"http://{shown}:{socket_.getsockname()[1]}"
