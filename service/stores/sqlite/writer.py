"""The one thread of a process that touches its SQLite file.

It takes all that waits into one transaction, and tells of it when that is written: many callers pay for one commit.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from service.session.ports import StoreUnavailable

_MOST_WAITING_BYTES = 64 * 2**20
"""Of content and of work that a stalled disk may leave in memory."""
_WORK_BYTES = 1024
"""What one piece of work takes besides content."""
_SPARE_PAGES = 4096
"""Free pages, of 4 KiB, that the file keeps for what comes next."""
_RETURNED_PAGES = 1024
"""So many of the others are given back at a time."""
_CLOSE_SECONDS = 5.0
_BEGIN_SECONDS = 1.0
_BUSY_MS = 5
"""SQLite waits ever longer for another process, up to 100 ms, and those who come later get ahead; so it begins anew."""
_FOLD_BUSY_MS = 100

Outcome = TypeVar("Outcome")
Work = Callable[[sqlite3.Connection], Outcome]
"""SQL within a transaction that is not its own; nothing else, as a piece of work that fails is undone."""

_Asked = asyncio.Future[Any]


class SqliteWriter:
    """Owns the connection from now on. ``ask`` and ``tell`` belong to event loops, and never block them."""

    def __init__(
        self, connection: sqlite3.Connection, sweep: Work[bool], sweep_seconds: float, wait_seconds: float | None
    ) -> None:
        self._connection = connection
        self._sweep = sweep
        self._sweep_seconds = sweep_seconds
        self._wait_seconds = wait_seconds
        self._news = threading.Condition()
        # All of these are read and written with the condition held.
        self._waiting: list[tuple[Work[Any], _Asked | None]] = []
        self._waiting_bytes = 0
        self._taken_bytes = 0
        """What the thread is at work on."""
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def ask(self, work: Work[Outcome], content_bytes: int = 0) -> Outcome:
        """The outcome, once it is written. Raises ``StoreUnavailable``, after ``wait_seconds`` at the latest."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if not self._put(work, future, content_bytes):
            raise StoreUnavailable("The store is closed, or too much waits for it")
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await future
        except TimeoutError:
            raise StoreUnavailable(f"No answer within {self._wait_seconds:g} s") from None

    def tell(self, work: Work[object]) -> None:
        """Do it after what was asked and told before; if it cannot be done, nobody learns."""
        self._put(work, None, 0)

    async def close(self) -> None:
        """Do what waits, and let go of the file."""
        with self._news:
            self._closing = True
            self._news.notify()
        await asyncio.to_thread(self._thread.join, _CLOSE_SECONDS)

    def _put(self, work: Work[Any], future: _Asked | None, content_bytes: int) -> bool:
        with self._news:
            more = _WORK_BYTES + content_bytes
            if self._closing or self._taken_bytes + self._waiting_bytes + more > _MOST_WAITING_BYTES:
                return False
            self._waiting_bytes += more
            self._waiting.append((work, future))
            self._news.notify()
            return True

    # In the thread

    def _run(self) -> None:
        self._connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        sweep_at = time.monotonic() + self._sweep_seconds
        closing = False
        while not closing:
            with self._news:
                self._taken_bytes = 0
                self._news.wait_for(lambda: self._waiting or self._closing, max(0.0, sweep_at - time.monotonic()))
                batch, self._waiting = self._waiting, []
                self._taken_bytes, self._waiting_bytes = self._waiting_bytes, 0
                closing = self._closing
            if batch:
                self._do(batch)
                del batch
            if time.monotonic() >= sweep_at and not self._swept_some():
                self._fold()
                sweep_at = time.monotonic() + self._sweep_seconds
        self._fold()
        self._connection.close()

    def _do(self, batch: list[tuple[Work[Any], _Asked | None]]) -> None:
        answers: list[tuple[_Asked, object]] = []
        try:
            self._begin()
            try:
                for work, asked in batch:
                    if asked is None:
                        self._outcome(work)
                    elif not asked.done():  # who waits no more is not served, so that a stall leaves nothing behind
                        answers.append((asked, self._outcome(work)))
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except sqlite3.Error as error:
            answers = [(asked, _away(error)) for _, asked in batch if asked is not None]
        _answer(answers)

    def _outcome(self, work: Work[object]) -> object:
        """The result or a ``StoreUnavailable``; raises if the transaction was rolled back."""
        self._connection.execute("SAVEPOINT work")
        try:
            outcome = work(self._connection)
        except Exception as error:  # whatever it is, the others in the transaction have no part in it
            if not self._connection.in_transaction:  # SQLite has undone it all, as when the disk is full
                raise sqlite3.OperationalError(str(error)) from error
            self._connection.execute("ROLLBACK TO work")
            outcome = _away(error)
        self._connection.execute("RELEASE work")
        return outcome

    def _swept_some(self) -> bool:
        """Delete some of what is over; whether there may be more."""
        with suppress(sqlite3.Error):  # later, then: what is over is hidden all the same
            self._begin()
            try:
                more = self._sweep(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            return more
        return False

    def _begin(self) -> None:
        deadline = time.monotonic() + _BEGIN_SECONDS
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            else:
                return

    def _fold(self) -> None:
        """Bring the log into the file, and empty it, as what was deleted stands in it still; give back free space."""
        with suppress(sqlite3.Error):  # later, then
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            if free > _SPARE_PAGES:
                # execute() would stop after the first page
                self._connection.executescript(
                    f"PRAGMA incremental_vacuum({min(free - _SPARE_PAGES, _RETURNED_PAGES)})"
                )
            self._connection.execute(f"PRAGMA busy_timeout={_FOLD_BUSY_MS}")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _away(error: Exception) -> StoreUnavailable:
    """What SQLite says has no content in it; what others say might."""
    name = type(error).__name__
    away = StoreUnavailable(f"{name}: {error}" if isinstance(error, sqlite3.Error) else name)
    away.__cause__ = error
    return away


def _answer(answers: list[tuple[_Asked, object]]) -> None:
    """Wake each loop once."""
    of_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Asked, object]]] = {}
    for asked, outcome in answers:
        of_loop.setdefault(asked.get_loop(), []).append((asked, outcome))
    for loop, its_answers in of_loop.items():
        with suppress(RuntimeError):  # it is closed: nobody waits there
            loop.call_soon_threadsafe(_resolve, its_answers)


def _resolve(answers: list[tuple[_Asked, object]]) -> None:
    for asked, outcome in answers:
        if asked.done():
            continue
        if isinstance(outcome, StoreUnavailable):
            asked.set_exception(outcome)
        else:
            asked.set_result(outcome)
