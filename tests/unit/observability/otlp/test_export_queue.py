"""The queue before a collector: each item is exported or counted as lost, once."""

import threading
from collections.abc import Sequence

import pytest

from observability.otlp.export_queue import ExportQueue
from observability.otlp.otel_settings import BatchSettings
from tests.waiting import LIMIT_SECONDS

AT_ONCE = BatchSettings(queue=8, batch=3, delay_ms=1)


class Collector:
    """Accepts, refuses or breaks, once it is open."""

    def __init__(self, answer: bool | Exception = True) -> None:  # noqa: FBT002 - what export returns
        self.batches: list[list[int]] = []
        self.lost = 0
        self.answer = answer
        self.begun = threading.Event()
        self.open = threading.Event()

    def export(self, items: Sequence[int]) -> bool:
        self.begun.set()
        assert self.open.wait(LIMIT_SECONDS)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer:
            self.batches.append(list(items))
        return self.answer

    def lose(self, count: int) -> None:
        self.lost += count


def queue_of(collector: Collector, batching: BatchSettings = AT_ONCE) -> ExportQueue[int]:
    return ExportQueue[int]("numbers", collector.export, batching, collector.lose)


def test_items_are_exported_in_order_in_batches_and_what_exceeds_the_queue_is_lost() -> None:
    collector = Collector()
    queue = queue_of(collector)
    for number in range(10):
        queue.put(number)
    assert collector.lost == 2
    collector.open.set()
    queue.close(LIMIT_SECONDS)
    assert [number for batch in collector.batches for number in batch] == list(range(8))
    assert max(map(len, collector.batches)) <= 3
    queue.put(10)
    assert collector.lost == 3


@pytest.mark.parametrize("answer", [False, ValueError("canary")])
def test_a_batch_that_is_not_accepted_is_lost_and_the_next_is_tried(
    answer: bool | Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    collector = Collector(answer)
    collector.open.set()
    queue = queue_of(collector)
    for number in range(8):
        queue.put(number)
    queue.close(LIMIT_SECONDS)
    assert (collector.lost, collector.batches) == (8, [])
    unexpected = [record for record in caplog.records if record.exc_info]
    assert bool(unexpected) == isinstance(answer, Exception)


def test_what_is_unanswered_at_the_end_is_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    collector = Collector(answer=False)
    queue = queue_of(collector)
    for number in range(5):
        queue.put(number)
    assert collector.begun.wait(LIMIT_SECONDS)
    queue.close(0.01)
    assert collector.lost == 5
    assert caplog.messages == ["5 numbers were lost at shutdown"]
    collector.open.set()
    for thread in threading.enumerate():
        if thread.name == "otlp numbers":
            thread.join(LIMIT_SECONDS)
    assert collector.lost == 5
