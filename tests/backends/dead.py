"""Back ends that are down, each in its own way: addresses (``host:port``) that stay so for as long as they are held."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refusing() -> Iterator[str]:
    """Every connection is refused."""
    with socket.socket() as bound:  # held, so that nobody else listens there; not listening, so that it refuses
        bound.bind(("127.0.0.1", 0))
        yield _address(bound)


@contextmanager
def silent() -> Iterator[str]:
    """Every connection is made and every request taken, and nothing is ever answered."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)  # the kernel accepts for a listener that never does
        yield _address(listening)


@contextmanager
def black_hole() -> Iterator[str]:
    """No connection is ever made or refused: packets vanish, as behind a firewall that drops them."""
    with socket.socket() as listening, socket.socket() as only_guest:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        only_guest.connect(listening.getsockname())  # takes the one place; the kernel drops whoever comes next
        yield _address(listening)


def _address(bound: socket.socket) -> str:
    return "{}:{}".format(*bound.getsockname())
