"""A daemon thread that processes items from a bounded queue."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Generic, TypeVar

_PERIODIC_RETRY_SECONDS = 1.0

Item = TypeVar("Item")


def _do_nothing() -> None: ...


class BackgroundWorker(Generic[Item]):
    """Processes items in order, in batches, without blocking the threads that put them.

    These callbacks run in the worker's thread: ``process`` with each batch; ``periodic``, which returns the seconds
    until its next call; ``finish``, once, when the worker was closed and its queue is empty; and ``on_error`` with each
    exception that ``process`` or ``periodic`` raised.

    ``on_dropped`` receives the number of queued items that were not processed: in the worker's thread after
    ``process`` raised, and in the thread that calls ``close`` when the time is over.
    """

    def __init__(  # noqa: PLR0913 - each has a default, and the users of this class differ in these points
        self,
        name: str,
        process: Callable[[Sequence[Item]], object] = lambda _batch: None,
        *,
        max_items: int = 0,
        on_dropped: Callable[[int], object] = lambda _count: None,
        on_error: Callable[[Exception], object] = lambda _error: None,
        batch_size: Callable[[Sequence[Item]], int] = len,
        linger_seconds: float = 0.0,
        linger_items: int = 1,
        retry_seconds: float | None = None,
        periodic: Callable[[], float] | None = None,
        periodic_delay_seconds: float = 0.0,
        finish: Callable[[], object] = _do_nothing,
    ) -> None:
        """The queue holds up to ``max_items``, those that are being processed included.

        ``batch_size`` returns how many of the queued items form the next batch, at least 1. A batch that follows one
        with all queued items waits ``linger_seconds`` for more, or until ``linger_items`` are queued. With
        ``retry_seconds`` a batch that failed is processed again after that pause, until ``close``. ``periodic`` is
        called first ``periodic_delay_seconds`` after the start.
        """
        self._process = process
        self._max_items = max_items
        self._on_dropped = on_dropped
        self._on_error = on_error
        self._batch_size = batch_size
        self._linger_seconds = linger_seconds
        self._linger_items = linger_items
        self._retry_seconds = retry_seconds
        self._periodic = periodic
        self._periodic_delay_seconds = periodic_delay_seconds
        self._finish = finish
        self.lock = threading.RLock()
        """Held while the queue changes. Reentrant: a finalizer that runs in the middle of ``put`` may put an item.

        A user that needs a lock around ``put`` must use this one, as such a finalizer would acquire two in any order.
        """
        self._changed = threading.Condition(self.lock)
        self._queue: deque[Item] = deque()
        self._in_progress = 0
        """The first items of the queue, which are being processed."""
        self._periodic_due = False
        self._linger = bool(linger_seconds)
        self._closing = False
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False

    @property
    def abandoned(self) -> bool:
        """Whether ``close`` gave up waiting: the items in progress are counted as dropped."""
        return self._abandoned

    def start(self) -> None:
        """Start the thread; later calls have no effect. Items may be put before."""
        with self._changed:
            if self._started or self._closing:
                return
            self._started = True
        self._thread.start()

    @property
    def queued(self) -> int:
        """The number of items that are queued and not being processed."""
        with self._changed:
            return len(self._queue) - self._in_progress

    def put(self, item: Item) -> bool:
        """Queue the item, and return true; return false if the queue is full or closed. May be called in any thread."""
        with self._changed:
            if self._closing or len(self._queue) >= self._max_items:
                return False
            self._queue.append(item)
            if len(self._queue) - self._in_progress in {1, self._linger_items}:
                self._changed.notify()
            return True

    def wake(self) -> None:
        """Call ``periodic`` soon. May be called in any thread."""
        with self._changed:
            self._periodic_due = True
            self._changed.notify()

    def take(self) -> list[Item]:
        """Called by ``process``: add all queued items to the batch in progress, and return those that were added."""
        with self._changed:
            items = list(islice(self._queue, self._in_progress, None))
            self._in_progress = len(self._queue)
            return items

    def pause(self, seconds: float) -> bool:
        """Called in the worker's thread: wait, at most until ``close``; return whether the worker is being closed."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closing, seconds)

    def close(self, seconds: float) -> bool:
        """Process what is queued, for at most this time; return whether the thread has ended. Other items are dropped.

        A batch that fails now is not retried.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._started:
            self._thread.join(seconds)
        with self._changed:
            self._abandoned = True
            left = len(self._queue)
            self._queue.clear()
        if left:
            self._on_dropped(left)
        return not self._thread.is_alive()

    # In the thread

    def _run(self) -> None:
        due_at = time.monotonic() + self._periodic_delay_seconds
        while True:
            with self._changed:
                self._wait(due_at)
                if self._closing and not self._queue:
                    break
                batch = list(islice(self._queue, self._batch_size(self._queue) if self._queue else 0))
                self._in_progress = len(batch)
                self._linger = bool(self._linger_seconds) and len(batch) == len(self._queue)
            if batch and not self._processed(batch):
                break
            del batch  # an idle worker holds no items
            if self._periodic is not None and (self._periodic_due or time.monotonic() >= due_at):
                self._periodic_due = False
                due_at = time.monotonic() + self._run_periodic(self._periodic)
        self._finish()

    def _wait(self, due_at: float) -> None:
        """Return when there are items to process, ``periodic`` is due, or the worker is being closed."""
        seconds = None if math.isinf(due_at) or self._periodic is None else max(0.0, due_at - time.monotonic())
        if not self._queue:
            self._changed.wait_for(lambda: self._queue or self._closing or self._periodic_due, seconds)
        if self._queue and self._linger:
            self._changed.wait_for(
                lambda: self._closing or len(self._queue) >= self._linger_items, self._linger_seconds
            )

    def _processed(self, batch: list[Item]) -> bool:
        """Process the batch; return whether to go on."""
        failure = None
        try:
            self._process(batch)
        except Exception as error:  # noqa: BLE001 - a thread that ended would lose all later items
            failure = error
        if failure is not None and self._retry_seconds is not None:
            self._in_progress = 0
            self._on_error(failure)
            return not self.pause(self._retry_seconds)
        with self._changed:
            done = min(self._in_progress, len(self._queue))  # 0 if ``close`` has counted them as dropped
            for _ in range(done):
                self._queue.popleft()
            self._in_progress = 0
        if failure is not None:
            if done:
                self._on_dropped(done)
            self._on_error(failure)
        return True

    def _run_periodic(self, periodic: Callable[[], float]) -> float:
        try:
            return periodic()
        except Exception as error:  # noqa: BLE001 - as above
            self._on_error(error)
            return _PERIODIC_RETRY_SECONDS
