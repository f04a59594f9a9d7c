"""Usage rows on their way from the spool into PostgreSQL; each is stored there once."""

import random
import sqlite3
import time
from collections.abc import Callable, Sequence

from service.process.background_worker import BackgroundWorker
from service.process.file_lock import FileLock
from service.usage.postgres import Database, DatabaseUnavailable, RowsRefused
from service.usage.rows import TABLES, Row
from service.usage.spool import Spool

BATCH_ROWS = 1_000
_POLL_SECONDS = 1.0
"""How often the spool is read."""
_LOCK_SECONDS = 5.0
"""How often a process that does not hold the lock tries to acquire it."""
_FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
_MAX_DOUBLINGS = 10
_EXPIRY_SECONDS = 3600.0


class Forwarder:
    """Stores rows in the database, and then deletes them from the spool, in a thread.

    A process that is killed in between leaves rows that are stored again, without effect, as they have ids. Of the
    processes of a machine the one that holds ``lock`` forwards. ``on_change(up, reason)`` is called when the database
    becomes unavailable or available, ``on_failure`` each time that it fails, and ``on_dropped`` with the number of rows
    that it refuses for good.
    """

    def __init__(  # noqa: PLR0913 - source, target, and the callbacks
        self,
        spool: Spool,
        database: Database,
        lock: FileLock,
        oldest: Callable[[], float],
        unused: Callable[[], float],
        *,
        on_change: Callable[[bool, str], None],
        on_failure: Callable[[], None],
        on_dropped: Callable[[int], None],
    ) -> None:
        """Rows that ended before the Unix time that ``oldest`` returns are deleted from the database.

        So are sessions without a stream that ended before ``unused``.
        """
        self._spool = spool
        self._database = database
        self._lock = lock
        self._oldest = oldest
        self._unused = unused
        self._checked_until = 0.0
        """When the last sessions ended that were examined for streams."""
        self._on_change = on_change
        self._on_failure = on_failure
        self._on_dropped = on_dropped
        self._expiry_at = time.monotonic()
        self._failures = 0
        """Consecutive ones."""
        self._worker = BackgroundWorker[None]("usage forwarder", periodic=self._forward, finish=self._finish)

    def start(self) -> None:
        self._worker.start()

    def close(self, seconds: float) -> bool:
        """Forward what is in the spool, for at most this time, if the database is available.

        Return whether the thread has ended.
        """
        return self._worker.close(seconds)

    # In the thread

    def _finish(self) -> None:
        if not self._failures:
            while self._forward() == 0.0:
                pass
        self._database.close()
        self._lock.release()

    def _forward(self) -> float:
        """Forward some rows; return the seconds until the next time, 0 if there may be more."""
        if not self._lock.acquire():
            return _LOCK_SECONDS
        try:
            moved, more = self._move()
            # When no row waits: the streams of an old session may be among those that wait.
            if expiry := not more and time.monotonic() >= self._expiry_at:
                self._delete_expired()
        except sqlite3.Error:  # the writer reports it
            return _POLL_SECONDS
        except Exception as error:  # noqa: BLE001 - whatever it is, the rows are still in the spool
            return self._failed(str(error) if isinstance(error, DatabaseUnavailable) else type(error).__name__)
        if self._failures and (moved or expiry):
            self._failures = 0
            self._on_change(True, "")  # noqa: FBT003 - up
        return 0.0 if more else _POLL_SECONDS

    def _failed(self, reason: str) -> float:
        """Return a pause that doubles with each failure, and varies so that machines do not retry at once."""
        self._on_failure()
        if not self._failures:
            self._on_change(False, reason)  # noqa: FBT003 - up
        pause = min(LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures, _MAX_DOUBLINGS))
        self._failures += 1
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret

    def _delete_expired(self) -> None:
        unused = self._unused()
        if self._database.delete_before(self._oldest()) or self._database.delete_unused(self._checked_until, unused):
            return
        self._checked_until = unused
        self._expiry_at = time.monotonic() + _EXPIRY_SECONDS

    def _move(self) -> tuple[bool, bool]:
        """Return whether there were rows, and whether there may be more."""
        sizes = []
        for kind in TABLES:
            waiting = self._spool.oldest(kind, BATCH_ROWS)
            if waiting:
                self._insert(kind, [row for _, row in waiting])
                self._spool.remove(kind, [number for number, _ in waiting])
            sizes.append(len(waiting))
        return any(sizes), max(sizes) == BATCH_ROWS

    def _insert(self, kind: type[Row], rows: Sequence[Row]) -> None:
        """Insert the rows; drop a row that the database refuses, so that it does not block the others."""
        try:
            self._database.insert(kind, rows)
        except RowsRefused:
            if len(rows) == 1:
                self._on_dropped(1)
                return
            half = len(rows) // 2
            self._insert(kind, rows[:half])
            self._insert(kind, rows[half:])
