"""The way of rows into the spool, which never makes anybody wait."""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable

from service.usage.rows import Row
from service.usage.spool import Spool

MAX_QUEUED = 10_000
BATCH_ROWS = 200
BATCH_SECONDS = 0.25
"""What a process that is killed can lose."""
_RETRY_SECONDS = 1.0
_FORGET_SECONDS = 3600.0


class UsageWriter:
    """Stores rows from a daemon thread of its own: when 200 wait, or the first has waited a quarter of a second.

    ``put`` may be called from any thread and only queues. Rows that the queue has no room for, or the spool, are lost,
    and ``on_dropped`` is told how many, from whichever thread finds out. ``on_change(up, reason)`` is told when the
    spool takes nothing, and when it does again; ``on_failure`` of each time that it did not.
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
        self._max_queued = max_queued
        self._changed = threading.Condition()
        self._rows: deque[Row] = deque()
        self._up = True
        self._closed = False
        self._thread: threading.Thread | None = None

    def put(self, row: Row) -> None:
        with self._changed:
            lost = self._closed or len(self._rows) >= self._max_queued
            if not lost:
                self._rows.append(row)
                if len(self._rows) in {1, BATCH_ROWS}:
                    self._changed.notify()
        if lost:
            self._on_dropped(1)

    def start(self, spool: Spool, oldest: Callable[[], float]) -> None:
        """``oldest`` gives the time, in Unix seconds, before which rows are deleted from the spool now and then."""
        self._thread = threading.Thread(target=self._run, args=[spool, oldest], name="usage writer", daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> bool:
        """Store what is queued for at most so long; what is then left is lost. Whether the thread has ended."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds)
        with self._changed:
            left = len(self._rows)
            self._rows.clear()
        if left:
            self._on_dropped(left)
        return self._thread is None or not self._thread.is_alive()

    def _run(self, spool: Spool, oldest: Callable[[], float]) -> None:
        forget_at = time.monotonic()
        while True:
            batch = self._next(forget_at)
            try:
                if batch:
                    self._store(spool, batch)
                elif self._closed:
                    return
                else:
                    spool.forget(oldest())
                    forget_at = time.monotonic() + _FORGET_SECONDS
                self._tell(up=True)
            except Exception as error:  # noqa: BLE001 - a thread that ends would lose all that comes
                self._on_failure()
                self._tell(up=False, reason=str(error) if isinstance(error, sqlite3.Error) else type(error).__name__)
                with self._changed:
                    if self._changed.wait_for(lambda: self._closed, _RETRY_SECONDS):
                        return

    def _next(self, forget_at: float) -> tuple[Row, ...]:
        """All that waits, when it is worth a transaction; nothing when it is time to forget, or all is stored."""
        with self._changed:
            self._changed.wait_for(lambda: self._rows or self._closed, max(0.0, forget_at - time.monotonic()))
            if self._rows:
                self._changed.wait_for(lambda: self._closed or len(self._rows) >= BATCH_ROWS, BATCH_SECONDS)
            return tuple(self._rows)

    def _store(self, spool: Spool, batch: tuple[Row, ...]) -> None:
        lost = spool.add(batch)
        with self._changed:
            for _ in range(min(len(batch), len(self._rows))):  # close() may have given them up
                self._rows.popleft()
        if lost:
            self._on_dropped(lost)

    def _tell(self, *, up: bool, reason: str = "") -> None:
        if up is not self._up:
            self._up = up
            self._on_change(up, reason)
