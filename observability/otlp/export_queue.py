"""Spans or log lines on their way to a collector, sent in batches by a thread that no caller waits for."""

import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from observability.otlp.otel_settings import BatchSettings
from service.process.background_worker import BackgroundWorker

Item = TypeVar("Item")


class NotExportedError(Exception):
    """The collector did not accept a batch. The exporter has logged the reason."""


class ExportQueue(Generic[Item]):
    """A bounded queue whose items are each exported or counted as lost, once.

    The batch processors of OpenTelemetry drop items without a count, and wait up to 30 s at the end. ``export`` returns
    whether the collector accepted the items; ``on_dropped`` receives the number of lost ones, from any thread.
    """

    def __init__(
        self,
        items: str,
        export: Callable[[Sequence[Item]], bool],
        batching: BatchSettings,
        on_dropped: Callable[[int], None],
    ) -> None:
        """``items`` is their name in the plural, for the log."""
        self._items = items
        self._export = export
        self._on_dropped = on_dropped
        self._lost = 0
        self._lock = Lock()
        self._worker = BackgroundWorker[Item](
            f"otlp {items}",
            self._send,
            max_items=batching.queue,
            on_dropped=self._drop,
            on_error=self._failed,
            batch_size=lambda queued: min(len(queued), batching.batch),
            linger_seconds=batching.delay_ms / 1000,
            linger_items=batching.batch,
        )
        self._worker.start()

    def put(self, item: Item) -> None:
        """Queue the item, or lose it if the queue is full or closed. May be called in any thread."""
        if not self._worker.put(item):
            self._drop(1)

    def close(self, seconds: float) -> None:
        """Send what is queued, for at most this long; the rest is lost, as is every later item."""
        before = self._lost
        self._worker.close(seconds)
        if lost := self._lost - before:
            logging.getLogger(__name__).warning("%d %s were lost at shutdown", lost, self._items)

    def _drop(self, count: int) -> None:
        with self._lock:
            self._lost += count
        self._on_dropped(count)

    # In the thread

    def _send(self, batch: Sequence[Item]) -> None:
        if not self._export(batch):
            raise NotExportedError

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, NotExportedError) and not self._worker.abandoned:
            logging.getLogger(__name__).error("%s were not exported", self._items, exc_info=error)
