"""The way of rows out of the spool into PostgreSQL: each arrives once, whoever dies when."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from service.process.file_lock import FileLock
from service.usage.postgres import Database, DatabaseUnavailable, RowsRefused
from service.usage.rows import TABLES, Row
from service.usage.spool import Spool

BATCH_ROWS = 1_000
_LOOK_SECONDS = 1.0
"""How often the spool is looked into."""
_TURN_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
_MOST_DOUBLINGS = 10
_FORGET_SECONDS = 3600.0


class Forwarder:
    """Moves rows from a daemon thread of its own: stores them, and then deletes them from the spool.

    Who dies in between leaves rows that are stored again, which changes nothing as they have ids. One process of a
    machine has its turn; the others ask for it now and then. ``on_change(up, reason)`` is told when the database goes
    away and when it is back, ``on_failure`` of each time that it did not take rows, and ``on_dropped`` of rows that it
    will never take.
    """

    def __init__(  # noqa: PLR0913 - what it moves from, where to, and whom it tells
        self,
        spool: Spool,
        database: Database,
        turn: FileLock,
        oldest: Callable[[], float],
        *,
        on_change: Callable[[bool, str], None],
        on_failure: Callable[[], None],
        on_dropped: Callable[[int], None],
    ) -> None:
        """``oldest`` gives the time, in Unix seconds, before which rows are deleted from the database now and then."""
        self._spool = spool
        self._database = database
        self._turn = turn
        self._oldest = oldest
        self._on_change = on_change
        self._on_failure = on_failure
        self._on_dropped = on_dropped
        self._forget_at = time.monotonic()
        self._failures = 0
        """In a row."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage forwarder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, seconds: float) -> bool:
        """Move what waits for at most so long, if the database is there. Whether the thread has ended."""
        self._closing.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing.wait(self._pass()):
            pass
        if not self._failures:
            while self._pass() == 0.0:
                pass
        self._database.close()
        self._turn.give_back()

    def _pass(self) -> float:
        """Move some rows, and say how long to pause; 0 if there may be more."""
        if not self._turn.take():
            return _TURN_SECONDS
        try:
            moved, more = self._move()
            if forgetting := time.monotonic() >= self._forget_at:
                self._forget()
        except sqlite3.Error:  # the writer tells of it, and will have rows waiting by then
            return _LOOK_SECONDS
        except Exception as error:  # noqa: BLE001 - a thread that ends would keep its turn and never move a row again
            return self._failed(str(error) if isinstance(error, DatabaseUnavailable) else type(error).__name__)
        if self._failures and (moved or forgetting):
            self._failures = 0
            self._on_change(True, "")  # noqa: FBT003 - up
        return 0.0 if more else _LOOK_SECONDS

    def _failed(self, reason: str) -> float:
        """How long to pause: longer each time, and not as long as other machines do."""
        self._on_failure()
        if not self._failures:
            self._on_change(False, reason)  # noqa: FBT003 - up
        pause = min(LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - nobody gains from guessing it

    def _forget(self) -> None:
        if not self._database.forget(self._oldest()):
            self._forget_at = time.monotonic() + _FORGET_SECONDS

    def _move(self) -> tuple[bool, bool]:
        """Whether there were rows, and whether there may be more."""
        sizes = []
        for kind in TABLES:
            waiting = self._spool.oldest(kind, BATCH_ROWS)
            if waiting:
                self._insert(kind, [row for _, row in waiting])
                self._spool.remove(kind, [number for number, _ in waiting])
            sizes.append(len(waiting))
        return any(sizes), max(sizes) == BATCH_ROWS

    def _insert(self, kind: type[Row], rows: Sequence[Row]) -> None:
        """One row that the database refuses must not hold up all that come after it."""
        try:
            self._database.insert(kind, rows)
        except RowsRefused:
            if len(rows) == 1:
                self._on_dropped(1)
                return
            half = len(rows) // 2
            self._insert(kind, rows[:half])
            self._insert(kind, rows[half:])
