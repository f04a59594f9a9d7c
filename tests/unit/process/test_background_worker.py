"""A background worker processes items in order in its thread, never blocks a caller, and counts what it drops."""

import threading
from collections.abc import Sequence

from service.process.background_worker import BackgroundWorker
from tests.waiting import wait_for

SECONDS = 10


class Work:
    """What a worker did; ``gate`` holds it up, and ``failing`` makes it fail."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.dropped = 0
        self.errors: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failing = False
        self.begun = threading.Semaphore(0)
        """Released when a batch begins."""

    def process(self, items: Sequence[int]) -> None:
        self.begun.release()
        assert self.gate.wait(SECONDS)
        if self.failing:
            raise ZeroDivisionError
        self.batches.append(list(items))

    def drop(self, count: int) -> None:
        self.dropped += count

    @property
    def items(self) -> list[int]:
        return [item for batch in self.batches for item in batch]


def worker_of(work: Work, max_items: int = 1000, retry_seconds: float | None = None) -> BackgroundWorker[int]:
    worker = BackgroundWorker[int](
        "test",
        work.process,
        max_items=max_items,
        on_dropped=work.drop,
        on_error=work.errors.append,
        retry_seconds=retry_seconds,
    )
    worker.start()
    worker.start()  # without effect
    return worker


def test_items_are_processed_in_order_and_close_waits_for_them() -> None:
    work = Work()
    worker = worker_of(work)
    assert all(worker.put(number) for number in range(1000))
    assert worker.close(SECONDS)
    assert (work.items, work.dropped) == (list(range(1000)), 0)


def test_items_that_are_put_before_the_start_are_processed() -> None:
    work = Work()
    worker = BackgroundWorker[int]("test", work.process, max_items=10)
    worker.put(1)
    worker.start()
    assert worker.close(SECONDS)
    assert work.items == [1]


def test_the_queue_is_bounded_and_a_closed_worker_accepts_nothing() -> None:
    work = Work()
    work.gate.clear()
    worker = worker_of(work, max_items=3)
    assert [worker.put(number) for number in range(5)] == [True, True, True, False, False]
    work.gate.set()
    assert worker.close(SECONDS)
    assert not worker.put(6)
    assert (work.items, work.dropped) == ([0, 1, 2], 0)


def test_close_drops_and_counts_items_that_take_too_long() -> None:
    work = Work()
    work.gate.clear()
    worker = worker_of(work)
    for number in range(3):
        worker.put(number)
    assert work.begun.acquire(timeout=SECONDS)
    assert not worker.close(0.01)
    assert (work.dropped, worker.abandoned) == (3, True)
    work.gate.set()


def test_a_worker_that_was_never_started_drops_its_items_when_it_is_closed() -> None:
    work = Work()
    worker = BackgroundWorker[int]("test", work.process, max_items=10, on_dropped=work.drop)
    worker.put(1)
    assert worker.close(SECONDS)
    assert work.dropped == 1


def test_a_batch_that_fails_is_dropped_and_reported_and_later_ones_are_processed() -> None:
    work = Work()
    work.failing = True
    worker = worker_of(work)
    worker.put(1)
    assert work.begun.acquire(timeout=SECONDS)
    work.gate.wait(SECONDS)
    wait_for(lambda: work.errors, "the batch fails")
    work.failing = False
    worker.put(2)
    assert worker.close(SECONDS)
    assert (work.items, work.dropped, len(work.errors)) == ([2], 1, 1)


def test_with_a_retry_pause_a_batch_that_fails_is_processed_again() -> None:
    work = Work()
    work.failing = True
    worker = worker_of(work, retry_seconds=0.001)
    worker.put(1)
    assert work.begun.acquire(timeout=SECONDS)
    assert work.begun.acquire(timeout=SECONDS)
    work.failing = False
    worker.put(2)
    wait_for(lambda: len(work.items) == 2, "both are processed")
    assert worker.close(SECONDS)
    assert (work.items, work.dropped) == ([1, 2], 0)


def test_a_batch_that_fails_while_closing_is_not_retried() -> None:
    work = Work()
    work.failing = True
    worker = worker_of(work, retry_seconds=SECONDS)
    worker.put(1)
    assert work.begun.acquire(timeout=SECONDS)
    assert worker.close(SECONDS)
    assert work.dropped == 1


def test_take_adds_the_queued_items_to_the_batch_in_progress() -> None:
    queued = threading.Event()
    taken: list[list[int]] = []

    def process(items: Sequence[int]) -> None:
        assert queued.wait(SECONDS)
        taken.append([*items, *worker.take()])

    worker = BackgroundWorker[int]("test", process, max_items=10)
    worker.start()
    for number in range(5):
        worker.put(number)
    queued.set()
    assert worker.close(SECONDS)
    assert taken == [[0, 1, 2, 3, 4]]


def test_the_batch_size_limits_a_batch() -> None:
    work = Work()
    worker = BackgroundWorker[int]("test", work.process, max_items=10, batch_size=lambda items: min(2, len(items)))
    for number in range(5):
        worker.put(number)
    worker.start()
    assert worker.close(SECONDS)
    assert work.batches == [[0, 1], [2, 3], [4]]


def test_a_batch_waits_for_others_unless_items_were_left_by_the_one_before() -> None:
    work = Work()
    work.gate.clear()
    worker = BackgroundWorker[int](
        "test",
        work.process,
        max_items=10,
        batch_size=lambda items: min(3, len(items)),
        linger_seconds=SECONDS,
        linger_items=2,
    )
    worker.start()
    worker.put(1)
    worker.put(2)
    assert work.begun.acquire(timeout=SECONDS)
    worker.put(3)
    work.gate.set()
    wait_for(lambda: work.batches, "the first batch is processed")
    work.gate.clear()
    worker.put(4)
    assert work.begun.acquire(timeout=SECONDS)
    for number in range(5, 9):
        worker.put(number)
    work.gate.set()
    assert worker.close(SECONDS)
    assert work.batches == [[1, 2], [3, 4], [5, 6, 7], [8]]


def test_the_periodic_call_is_made_when_due_and_on_request_and_its_errors_are_reported() -> None:
    calls = threading.Semaphore(0)
    errors: list[Exception] = []

    def periodic() -> float:
        calls.release()
        if not errors:
            raise ZeroDivisionError
        return SECONDS

    worker = BackgroundWorker[int]("test", periodic=periodic, on_error=errors.append)
    worker.start()
    for _ in range(2):
        assert calls.acquire(timeout=SECONDS)
        worker.wake()
    assert worker.close(SECONDS)
    assert len(errors) == 1


def test_the_last_call_in_the_thread_is_finish() -> None:
    work = Work()
    ended: list[list[int]] = []
    worker = BackgroundWorker[int](
        "test", work.process, max_items=10, finish=lambda: ended.append([*work.items, threading.get_ident()])
    )
    worker.put(1)
    worker.start()
    assert worker.close(SECONDS)
    assert ended[0][0] == 1
    assert ended[0][1] != threading.get_ident()
