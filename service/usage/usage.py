"""The parts that record the usage of one process."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from service.events import DataSystem, Dependency, DependencyChanged, DependencyFailed, StoredInMemory, UsageDropped
from service.process.dependency_calls import DependencyCalls
from service.process.file_lock import FileLock
from service.session.ports import Recorder
from service.usage.rows import UNUSED_SECONDS
from service.usage.sink import UsageSink
from service.usage.spool import FILE_NAME, Spool
from service.usage.spool_writer import SpoolWriter

if TYPE_CHECKING:
    from service.usage.forwarder import Forwarder

LOCK_NAME = "usage.lock"
_DAY_SECONDS = 86_400


class Usage:
    """Converts events to rows, stores them in ``data_dir``, and forwards them to the database, if there is one.

    ``sink`` accepts events from the beginning; rows are stored from ``start`` on. ``recorder``, which must be
    thread-safe, receives the events about the spool and the database.
    """

    def __init__(  # noqa: PLR0913 - the settings that matter, by name
        self,
        *,
        data_dir: Path,
        database_url: str | None,
        retention_days: int,
        session_seconds: float,
        version: str,
        verify_secret: str | None = None,
        recorder: Recorder,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """A session lasts ``session_seconds``; ``wall`` returns Unix seconds; ``verify_secret``: see ``UsageSink``."""
        self._data_dir = data_dir
        self._database_url = database_url
        self._retention_seconds = retention_days * _DAY_SECONDS
        self._recorder = recorder
        self._wall = wall
        self._writer = SpoolWriter(self._dropped, *self._reports(Dependency.USAGE_STORE))
        self.sink = UsageSink(self._writer.put, wall, session_seconds, version, verify_secret)
        self._spool: Spool | None = None
        self._forwarder: Forwarder | None = None

    def start(self) -> None:
        """Start the threads. Blocks for milliseconds, or up to ten seconds while other processes lock the file."""
        self._spool = self._open_spool()
        self._writer.start(self._spool, self._oldest, self._unused if self._database_url is None else None)
        if self._database_url is not None:
            self._forwarder = self._create_forwarder(self._spool, self._database_url)
            self._forwarder.start()

    def close(self, seconds: float) -> None:
        """Store queued rows, and forward them if the database is available; block for at most this time."""
        deadline = time.monotonic() + seconds
        ended = self._writer.close(seconds)
        if self._forwarder is not None:
            ended = self._forwarder.close(max(0.0, deadline - time.monotonic())) and ended
        if self._spool is not None and ended:
            if self._spool.path is None and (left := self._spool.count()):
                self._dropped(left)
            self._spool.close()
            self._spool = None

    def _open_spool(self) -> Spool:
        try:
            return Spool(self._data_dir / FILE_NAME)
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self._recorder.record(StoredInMemory(Dependency.USAGE_STORE, f"{self._data_dir / FILE_NAME}: {why}"))
            return Spool(None)

    def _create_forwarder(self, spool: Spool, database_url: str) -> "Forwarder":
        from service.usage.forwarder import Forwarder  # noqa: PLC0415 - psycopg takes 100 ms and 10 MB to load
        from service.usage.postgres import Database  # noqa: PLC0415 - as above

        on_change, on_failure = self._reports(Dependency.DATABASE)
        return Forwarder(
            spool,
            Database(
                database_url,
                measure=DependencyCalls(Dependency.DATABASE, DataSystem.POSTGRESQL, self._recorder).measure,
            ),
            FileLock(None if spool.path is None else self._data_dir / LOCK_NAME),
            self._oldest,
            self._unused,
            on_change=on_change,
            on_failure=on_failure,
            on_dropped=self._dropped,
        )

    def _oldest(self) -> float:
        return self._wall() - self._retention_seconds

    def _unused(self) -> float:
        return self._wall() - min(self._retention_seconds, UNUSED_SECONDS)

    def _dropped(self, rows: int) -> None:
        self._recorder.record(UsageDropped(rows))

    def _reports(self, dependency: Dependency) -> tuple[Callable[[bool, str], None], Callable[[], None]]:
        def changed(up: bool, reason: str) -> None:  # noqa: FBT001 - as the event has it
            if up and dependency is Dependency.USAGE_STORE and self._spool is not None and self._spool.path is None:
                return  # it stays degraded
            self._recorder.record(DependencyChanged(dependency, up, reason))

        return changed, lambda: self._recorder.record(DependencyFailed(dependency))
