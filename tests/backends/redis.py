"""A real Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.backends.child import Listener, free_port


class Redis(Listener):
    """A ``redis-server`` without persistence: after a restart it is empty and has the same address.

    ``options`` are options of its command line, such as ``--appendonly yes``.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._socket = folder / "redis.sock"
        self._chosen = free_port()
        address = ("--bind", "127.0.0.1", "--port", str(self._chosen), "--unixsocket", str(self._socket))
        super().__init__(["redis-server", *address, "--save", "", "--appendonly", "no", *options], folder)

    @property
    def url(self) -> str:
        """The address, for ``REDIS_URL``."""
        return f"redis://{self.address}/0"

    @property
    def unix_url(self) -> str:
        """The address of its Unix socket."""
        return f"unix://{self._socket}"

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        """A client that the test uses directly."""
        client = redis.Redis.from_url(self.url)
        try:
            yield client
        finally:
            client.close()

    def _port(self) -> int | None:
        return self._chosen if super()._port() else None  # with TLS, it listens on a second port

    def _ready(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:  # it is loading its data
                return False
