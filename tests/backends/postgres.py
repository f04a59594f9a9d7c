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
    """A cluster of the test's own, which lets everybody in; what is in it is still there after a restart.

    PostgreSQL does not run as root: as root, it runs as the user ``postgres`` that Debian's package has made.
    """

    _END = signal.SIGINT  # SIGTERM would wait for its clients to leave

    def __init__(self) -> None:
        user = _OWNER if os.getuid() == 0 else None
        # Not in the test's own folder: nobody else may enter that.
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
        """Of the database that every cluster has."""
        return self._url("postgres")

    def new_database(self) -> str:
        """For ``DATABASE_URL``: a database that is empty."""
        name = f"test_{uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def remove(self) -> None:
        """Stop it for good, and delete what is in it."""
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
