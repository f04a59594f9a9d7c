"""Usage rows on their way into the spool, written by a thread that no caller waits for."""

import sqlite3
from collections.abc import Callable, Sequence

from service.process.background_worker import BackgroundWorker
from service.usage.rows import Row
from service.usage.spool import Spool

MAX_QUEUED = 10_000
BATCH_ROWS = 200
BATCH_SECONDS = 0.25
"""The rows of this time are lost when the process is killed."""
_RETRY_SECONDS = 1.0
_EXPIRY_SECONDS = 3600.0


class SpoolWriter:
    """Stores rows when 200 are queued, or the first has waited a quarter of a second.

    ``put`` may be called from any thread and only queues. ``on_dropped`` receives the number of rows for which the
    queue or the spool has no room. ``on_change(up, reason)`` is called when the spool becomes unavailable or available,
    and ``on_failure`` each time that it fails; rows are then kept and stored later.
    """

    def __init__(
        self,
        on_dropped: Callable[[int], None],
        on_change: Callable[[bool, str], None],
        on_failure: Callable[[], None],
        max_queued: int = MAX_QUEUED,
    ) -> None:
        self._on_dropped = on_dropped
        self._on_change = on_change
        self._on_failure = on_failure
        self._up = True
        self._worker = BackgroundWorker[Row](
            "usage writer",
            self._store,
            max_items=max_queued,
            on_dropped=on_dropped,
            on_error=self._failed,
            linger_seconds=BATCH_SECONDS,
            linger_items=BATCH_ROWS,
            retry_seconds=_RETRY_SECONDS,
            periodic=self._delete_expired,
        )

    def put(self, row: Row) -> None:
        if not self._worker.put(row):
            self._on_dropped(1)

    def start(self, spool: Spool, oldest: Callable[[], float], unused: Callable[[], float] | None = None) -> None:
        """Start to store rows. ``oldest`` returns the Unix time before which rows are deleted from the spool.

        ``unused`` returns the Unix time before which sessions without a stream are deleted; ``None`` if streams do not
        stay in the spool.
        """
        self._spool = spool
        self._oldest = oldest
        self._unused = unused
        self._checked_until = 0.0
        """When the last sessions ended that were examined for streams."""
        self._worker.start()

    def close(self, seconds: float) -> bool:
        """Store what is queued, for at most this time; drop the rest. Return whether the thread has ended."""
        return self._worker.close(seconds)

    # In the thread

    def _store(self, rows: Sequence[Row]) -> None:
        dropped = self._spool.add(rows)
        if dropped:
            self._on_dropped(dropped)
        self._report(up=True)

    def _delete_expired(self) -> float:
        self._spool.delete_before(self._oldest())
        if self._unused is not None:
            before = self._unused()
            self._spool.delete_unused(self._checked_until, before)
            self._checked_until = before
        self._report(up=True)
        return _EXPIRY_SECONDS

    def _failed(self, error: Exception) -> None:
        self._on_failure()
        self._report(up=False, reason=str(error) if isinstance(error, sqlite3.Error) else type(error).__name__)

    def _report(self, *, up: bool, reason: str = "") -> None:
        if up is not self._up:
            self._up = up
            self._on_change(up, reason)
