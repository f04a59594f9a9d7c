"""The spool writer: put never waits, and dropped rows are counted."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from service.usage.rows import Row, StreamRow
from service.usage.spool import Spool
from service.usage.spool_writer import BATCH_ROWS, SpoolWriter
from tests.unit.usage.streams import a_row

SECONDS = 10


class ScriptedSpool(Spool):
    """A spool in memory that can block or fail, and keeps the sizes of its batches."""

    def __init__(self) -> None:
        super().__init__(None)
        self.open = threading.Event()
        """``add`` waits until it is set."""
        self.open.set()
        self.fails = False
        self.batches: list[int] = []

    def add(self, rows: Sequence[Row]) -> int:
        assert self.open.wait(SECONDS)
        if self.fails:
            raise sqlite3.OperationalError("disk I/O error")
        self.batches.append(len(rows))
        return super().add(rows)


class Watched:
    """A writer and what it reported."""

    def __init__(self, spool: Spool, max_queued: int = 10_000) -> None:
        self.dropped = 0
        self.changes: list[tuple[bool, str]] = []
        self.failures = 0
        self.news = threading.Condition()
        self.writer = SpoolWriter(self._drop, self._change, self._fail, max_queued)
        self.spool = spool

    def start(self) -> None:
        self.writer.start(self.spool, lambda: 0.0)

    def wait_for_changes(self, count: int) -> None:
        with self.news:
            assert self.news.wait_for(lambda: len(self.changes) == count, SECONDS), self.changes

    def _drop(self, rows: int) -> None:
        self.dropped += rows

    def _change(self, up: bool, reason: str) -> None:
        with self.news:
            self.changes.append((up, reason))
            self.news.notify_all()

    def _fail(self) -> None:
        self.failures += 1


@pytest.fixture
def spool() -> Iterator[ScriptedSpool]:
    spool = ScriptedSpool()
    yield spool
    spool.close()


def numbers(spool: Spool) -> list[int]:
    return [int(row.stream_id) for _, row in spool.oldest(StreamRow, 1_000_000) if isinstance(row, StreamRow)]


def test_all_rows_are_stored_in_order(spool: ScriptedSpool) -> None:
    watched = Watched(spool)
    for number in range(500):  # some before it has started
        watched.writer.put(a_row(str(number)))
    watched.start()
    for number in range(500, 1000):
        watched.writer.put(a_row(str(number)))
    assert watched.writer.close(SECONDS)
    assert (numbers(spool), watched.dropped) == (list(range(1000)), 0)


def test_rows_are_stored_in_batches(spool: ScriptedSpool) -> None:
    watched = Watched(spool)
    watched.start()
    for number in range(BATCH_ROWS):
        watched.writer.put(a_row(str(number)))
    assert watched.writer.close(SECONDS)
    assert spool.batches == [BATCH_ROWS]


def test_rows_that_the_queue_has_no_room_for_are_counted(spool: ScriptedSpool) -> None:
    spool.open.clear()
    watched = Watched(spool, max_queued=300)
    watched.start()
    for number in range(1000):
        watched.writer.put(a_row(str(number)))
    assert watched.dropped == 700
    spool.open.set()
    assert watched.writer.close(SECONDS)
    assert (numbers(spool), watched.dropped) == (list(range(300)), 700)


def test_a_failing_spool_is_reported_once_and_loses_no_row(spool: ScriptedSpool) -> None:
    spool.fails = True
    watched = Watched(spool)
    watched.start()
    watched.writer.put(a_row("1"))
    watched.wait_for_changes(1)
    watched.writer.put(a_row("2"))
    spool.fails = False
    watched.wait_for_changes(2)
    assert watched.writer.close(SECONDS)
    assert watched.changes == [(False, "disk I/O error"), (True, "")]
    assert (numbers(spool), watched.dropped) == ([1, 2], 0)
    assert watched.failures >= 1


def test_close_drops_and_counts_items_that_take_too_long(spool: ScriptedSpool) -> None:
    spool.open.clear()
    watched = Watched(spool)
    watched.start()
    for number in range(5):
        watched.writer.put(a_row(str(number)))
    assert not watched.writer.close(0.05)
    assert watched.dropped == 5
    watched.writer.put(a_row("6"))
    assert watched.dropped == 6
    spool.open.set()


def test_rows_of_several_threads_are_stored_once(spool: ScriptedSpool) -> None:
    watched = Watched(spool)
    watched.start()

    def put(first: int) -> None:
        for number in range(first, first + 500):
            watched.writer.put(a_row(str(number)))

    threads = [threading.Thread(target=put, args=[first]) for first in range(0, 2000, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watched.writer.close(SECONDS)
    stored = numbers(spool)
    assert sorted(stored) == list(range(2000))
    own = [[number for number in stored if number // 500 == thread] for thread in range(4)]
    assert all(before < after for each in own for before, after in pairwise(each))
