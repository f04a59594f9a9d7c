"""The one thread of a process that accesses its SQLite file.

It executes all queued work in one transaction, and reports the results when that is committed: many callers share the
cost of one commit.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from msgspec import Struct

from service.process.background_worker import BackgroundWorker
from service.session.ports import StoreUnavailable
from service.stores.deadline import AnswerDeadline
from service.stores.failures import Damaged, NoAnswer, Overloaded, Refused, Rejected

DEADLINE_SECONDS = 5.0
"""For the lock of the file, while another process holds it, and for the thread to make any progress.

Programs that back up, check or vacuum a database hold its lock for a second or two.
"""
_SWEEP_LOCK_SECONDS = 0.1
_MAX_ITEMS = 1_000_000
"""Far more than the connections of a process can queue."""
_MAX_CONTENT_BYTES = 64 * 2**20
"""Content that a stalled disk may leave in memory."""
_SPARE_PAGES = 4096
"""Free pages, of 4 KiB, that the file keeps for what comes next."""
_RETURNED_PAGES = 1024
"""Free pages that are returned to the file system at once."""
_CLOSE_SECONDS = 5.0
_BUSY_MS = 5
"""SQLite waits for another process in growing steps of up to 100 ms, during which later ones get ahead; so the thread
begins again after the first short steps."""
_LONGEST_ATTEMPT_SECONDS = 0.05
"""The most time that one attempt at the lock counts for: a suspended thread has not waited."""
_FOLD_BUSY_MS = 100

_REFUSALS = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)
_DAMAGES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REMEDY = "The file is damaged: stop the service, move the file, and start it again"

Outcome = TypeVar("Outcome")
Work = Callable[[sqlite3.Connection], Outcome]
"""SQL statements within a transaction that the work neither begins nor ends. If it raises, they are undone."""


class _Call(Struct, frozen=True):
    work: Work[Any]
    result: asyncio.Future[Any] | None = None
    content_bytes: int = 0


_Result = tuple[_Call, object]
"""A call with what its work returned, or a ``StoreUnavailable``."""


class TransactionThread:
    """Owns the connection. ``call`` and ``post`` belong to event loops, and never block them."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        sweep: Work[bool],
        sweep_seconds: float,
        deadline_seconds: float | None,
        on_failure: Callable[[StoreUnavailable], None],
    ) -> None:
        """``sweep`` deletes some expired rows and returns whether there may be more.

        Without ``deadline_seconds`` a caller waits for as long as it takes. ``on_failure`` is called in the event loop
        when ``sweep`` or the work of ``post`` has failed.
        """
        self._connection = connection
        self._connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        self._sweep = sweep
        self._sweep_seconds = sweep_seconds
        self._deadline_seconds = deadline_seconds
        self._on_failure = on_failure
        self._loop: asyncio.AbstractEventLoop | None = None
        """Of the latest caller."""
        self._lock = threading.Lock()
        self._content_bytes = 0
        """Of the calls that are queued or in progress; read and written with the lock held."""
        self._progress = 0
        """Grows with each attempt at the lock and each call."""
        self._stalled_at: int | None = None
        """The progress at which a call got no answer."""
        self._worker = BackgroundWorker[_Call](
            "sqlite-writer",
            self._execute,
            max_items=_MAX_ITEMS,
            periodic=self._maintain,
            periodic_delay_seconds=sweep_seconds,
            finish=self._finish,
        )
        self._worker.start()

    async def call(self, work: Work[Outcome], content_bytes: int = 0) -> Outcome:
        """Execute the work, and return its result once it is committed. Raises ``StoreUnavailable``."""
        if self._stalled_at == self._progress:
            raise NoAnswer("The thread of the store has stalled")
        self._loop = asyncio.get_running_loop()
        result: asyncio.Future[Outcome] = self._loop.create_future()
        if not self._reserve(content_bytes):
            raise Overloaded("Too much content is queued")
        if not self._worker.put(_Call(work, result, content_bytes)):
            raise StoreUnavailable("The store is closed")
        if self._deadline_seconds is None:
            return await result
        try:
            async with AnswerDeadline(self._deadline_seconds, lambda: self._progress):
                return await result
        except TimeoutError:
            self._stalled_at = self._progress
            raise NoAnswer(f"No progress within {self._deadline_seconds:g} s") from None

    def post(self, work: Work[object]) -> None:
        """Execute the work after all that was queued before."""
        self._worker.put(_Call(work))

    async def close(self) -> None:
        """Execute what is queued, and close the connection."""
        await asyncio.to_thread(self._worker.close, _CLOSE_SECONDS)

    def _reserve(self, content_bytes: int) -> bool:
        with self._lock:
            if content_bytes and self._content_bytes + content_bytes > _MAX_CONTENT_BYTES:
                return False
            self._content_bytes += content_bytes
            return True

    # In the thread

    def _execute(self, batch: Sequence[_Call]) -> None:
        calls = list(batch)
        try:
            try:
                self._begin(self._deadline_seconds or DEADLINE_SECONDS)
            finally:  # calls that were queued by now waited for the same lock
                calls += self._worker.take()
            results = self._committed(calls)
        except Exception as error:  # noqa: BLE001 - whatever it is, each caller needs a result
            unavailable = _unavailable(error)
            results = [(call, unavailable) for call in calls]
        with self._lock:
            self._content_bytes -= sum(call.content_bytes for call in calls)
        self._progress += 1
        _deliver(results)
        for call, outcome in results:
            if call.result is None and isinstance(outcome, StoreUnavailable):
                self._report(outcome)

    def _committed(self, calls: Sequence[_Call]) -> list[_Result]:
        """The results in the transaction that has begun. Raises if none of the work was done.

        In a transaction that has found damage SQLite refuses all further work, and to commit. The calls then have a
        transaction each, as those that do not touch what is damaged are sound.
        """
        results: list[_Result] = []
        try:
            for call in calls:
                self._progress += 1
                if call.result is None or not call.result.done():  # not for a caller that has stopped waiting
                    outcome = self._outcome(call.work)
                    if isinstance(outcome, Damaged):
                        raise outcome  # noqa: TRY301 - as if SQLite had raised it
                    results.append((call, outcome))
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if len(calls) == 1 or not isinstance(error, Exception) or not isinstance(_unavailable(error), Damaged):
                raise
            return [result for call in calls for result in self._alone(call)]
        return results

    def _alone(self, call: _Call) -> list[_Result]:
        try:
            self._begin(self._deadline_seconds or DEADLINE_SECONDS)
            return self._committed([call])
        except Exception as error:  # noqa: BLE001 - as in _execute
            return [(call, _unavailable(error))]

    def _outcome(self, work: Work[object]) -> object:
        """The result or a ``StoreUnavailable``; raises if SQLite has rolled back the transaction."""
        self._connection.execute("SAVEPOINT work")
        try:
            outcome = work(self._connection)
        except Exception as error:  # whatever it is, the other calls in the transaction are not affected
            if not self._connection.in_transaction:  # SQLite has undone it all, as when the disk is full
                raise
            self._connection.execute("ROLLBACK TO work")
            outcome = _unavailable(error)
        self._connection.execute("RELEASE work")
        return outcome

    def _begin(self, lock_seconds: float) -> None:
        """Begin a transaction. Raises ``NoAnswer`` if another process holds the lock for longer."""
        waited = 0.0
        while True:
            began = time.monotonic()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                waited += min(time.monotonic() - began, _LONGEST_ATTEMPT_SECONDS)
                if waited > lock_seconds:
                    raise NoAnswer(f"The file was locked for {lock_seconds:g} s") from error
                self._progress += 1
            else:
                return

    def _maintain(self) -> float:
        """Delete some expired rows; return the seconds until the next time."""
        more = False
        try:
            self._begin(_SWEEP_LOCK_SECONDS)
            try:
                more = self._sweep(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except NoAnswer:
            pass  # later, then: expired rows are hidden in any case
        except sqlite3.Error as error:
            self._report(_unavailable(error))
        if more:
            return 0.0
        self._fold()
        return self._sweep_seconds

    def _fold(self) -> None:
        """Write the log into the file and empty it, as it still contains deleted rows; return free pages."""
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

    def _report(self, unavailable: StoreUnavailable) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._on_failure, unavailable)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _finish(self) -> None:
        self._fold()
        self._connection.close()


def _unavailable(error: Exception) -> StoreUnavailable:
    """Messages of SQLite contain no content; those of other exceptions may."""
    if isinstance(error, StoreUnavailable):
        return error
    name = type(error).__name__
    if not isinstance(error, sqlite3.Error):
        unavailable = Rejected(name)
    else:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # none of an error of the module itself
        if code in _DAMAGES or str(error).startswith("no such "):
            unavailable = Damaged(f"{name}: {error}. {_REMEDY}")
        elif code in _REFUSALS:
            unavailable = Refused(f"{name}: {error}")
        else:
            unavailable = Rejected(f"{name}: {error}")
    unavailable.__cause__ = error
    return unavailable


def _deliver(results: Iterable[_Result]) -> None:
    """Wake each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], object]]] = {}
    for call, outcome in results:
        if call.result is not None:
            by_loop.setdefault(call.result.get_loop(), []).append((call.result, outcome))
    for loop, outcomes in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: no caller waits there
            loop.call_soon_threadsafe(_resolve, outcomes)


def _resolve(outcomes: list[tuple[asyncio.Future[Any], object]]) -> None:
    for result, outcome in outcomes:
        if result.done():
            continue
        if isinstance(outcome, StoreUnavailable):
            result.set_exception(outcome)
        else:
            result.set_result(outcome)
