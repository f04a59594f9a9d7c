"""Unavailable back ends: addresses (``host:port``) that fail in a given way until the context manager exits."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refusing() -> Iterator[str]:
    """Refuse every connection."""
    with socket.socket() as bound:  # bound, so that no other process gets the port; not listening
        bound.bind(("127.0.0.1", 0))
        yield _address(bound)


@contextmanager
def silent() -> Iterator[str]:
    """Accept every connection and request, and send no response."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)  # the kernel completes the handshakes
        yield _address(listening)


@contextmanager
def black_hole() -> Iterator[str]:
    """Drop every packet, as a firewall does: connections are neither made nor refused."""
    with socket.socket() as listening, socket.socket() as occupant:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        occupant.connect(listening.getsockname())  # fills the backlog; the kernel drops all further packets
        yield _address(listening)


def _address(bound: socket.socket) -> str:
    return "{}:{}".format(*bound.getsockname())
