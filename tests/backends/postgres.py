"""A real PostgreSQL."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg

from tests.backends.child import Listener, free_port
from tests.conftest import environment

_PROGRAMS = Path("/usr/lib/postgresql/15/bin")  # Debian's; not on the path
_OWNER = "postgres"
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_wal_size=128MB")


class Postgres(Listener):
    """A new cluster without authentication. Its data survives a restart.

    PostgreSQL refuses to run as root: when the test runs as root, it runs as the user ``postgres`` of Debian's package.
    """

    _END = signal.SIGINT  # SIGTERM waits until all clients have disconnected

    def __init__(self) -> None:
        user = _OWNER if os.getuid() == 0 else None
        # Not in the folder of the test, which other users cannot enter.
        folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        try:
            if user is not None:
                shutil.chown(folder, user, user)
            self._make_cluster(folder, user)
            settings = (f"port={free_port()}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *_FAST)
            options = [part for setting in settings for part in ("-c", setting)]
            super().__init__([_PROGRAMS / "postgres", "-D", folder / "data", *options], folder, user)
        except BaseException:
            shutil.rmtree(folder)
            raise

    @property
    def url(self) -> str:
        """The URL of the default database."""
        return self._url("postgres")

    def new_database(self) -> str:
        """Create an empty database and return its URL, for ``DATABASE_URL``."""
        name = f"test_{uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def remove(self) -> None:
        """Stop the cluster and delete its data."""
        self.stop()
        shutil.rmtree(self._folder)

    def _ready(self) -> bool:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://{_OWNER}@{self.address}/{database}"

    @staticmethod
    def _make_cluster(folder: Path, user: str | None) -> None:
        assert _PROGRAMS.exists(), "postgres is not installed: make servers"
        subprocess.run(
            [_PROGRAMS / "initdb", "-D", "data", "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cwd=folder,
            env=environment(),
            user=user,
            group=user,
            extra_groups=None if user is None else (),
            check=True,
            capture_output=True,
        )
