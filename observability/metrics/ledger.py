"""The ledger: counts that outlive a worker, in memory that the supervisor and its workers share.

Each worker has a row, which a worker that replaces a dead one continues. A row has one writer: its worker and, once
that is dead, the supervisor, which then records the death and what was lost. So no cell needs a lock.

For connections and for requests, what came in is what went out, what is active and what was lost. What is active is
computed, from one snapshot of the row, so that this holds in every scrape.
"""

import time
from array import array
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from multiprocessing import get_context
from typing import Final

from msgspec import Struct
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from observability.registry import metrics as declared
from observability.registry.metric_types import Counter, Gauge, LostWork
from service.events import DeathReason
from service.process.supervisor import Lost

_COUNTERS: Final = (
    declared.CONNECTIONS_OPENED,
    declared.CONNECTION_CLOSES,
    declared.REQUESTS_ADMITTED,
    declared.REQUESTS_ENDED,
    declared.REQUESTS,
    declared.LOST,
    declared.WORKER_DEATHS,
)
LEDGER_METRICS: Final = (*_COUNTERS, declared.CONNECTIONS_ACTIVE, declared.REQUESTS_ACTIVE, declared.WORKER_UP)
"""The metrics that the ledger exposes."""

_HEARTBEAT = 0
_CELLS: Final = {
    (metric.name, *labels): index
    for index, (metric, labels) in enumerate(
        ((metric, labels) for metric in _COUNTERS for labels in metric.combinations()), start=_HEARTBEAT + 1
    )
}
"""The place of each series in a row; the heartbeat is the first."""
_WIDTH = len(_CELLS) + 1

_ATTEMPTS = 100
"""How often a row is read until two readings are equal."""


class Row(Struct, frozen=True):
    """The counts of a worker at one moment."""

    cells: Sequence[float]

    def value(self, metric: Counter | Gauge, *labels: str) -> float:
        """The value of a series, other than that of ``WORKER_UP``."""
        if metric is declared.CONNECTIONS_ACTIVE:
            return self.open_connections - self.value(declared.LOST, LostWork.CONNECTIONS)
        if metric is declared.REQUESTS_ACTIVE:
            return self.open_requests - self.value(declared.LOST, LostWork.REQUESTS)
        return self.cells[_CELLS[metric.name, *labels]]

    @property
    def open_connections(self) -> float:
        """Opened and not closed: active or lost."""
        return self._total(declared.CONNECTIONS_OPENED) - self._total(declared.CONNECTION_CLOSES)

    @property
    def open_requests(self) -> float:
        """Admitted and not ended: active or lost."""
        return self._total(declared.REQUESTS_ADMITTED) - self._total(declared.REQUESTS_ENDED)

    def _total(self, counter: Counter) -> float:
        return sum(self.value(counter, *labels) for labels in counter.combinations())


class Ledger:
    """The rows of all workers. For more than one worker it can be passed to a process when that is started."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._cells: MutableSequence[float] = (
            array("d", bytes(8 * _WIDTH)) if workers == 1 else get_context("spawn").RawArray("d", workers * _WIDTH)
        )

    def count(self, worker: int, metric: Counter, *labels: str) -> None:
        """Count one, in the worker itself; always in the same thread."""
        self._cells[worker * _WIDTH + _CELLS[metric.name, *labels]] += 1

    def beat(self, worker: int) -> None:
        """Record that the event loop of the worker runs."""
        self._cells[worker * _WIDTH + _HEARTBEAT] = time.monotonic()

    def heartbeat(self, worker: int) -> float:
        """When ``beat`` was called last, in monotonic seconds; 0 since the process of the worker died."""
        return self._cells[worker * _WIDTH + _HEARTBEAT]

    def silence(self, worker: int) -> float:
        """The seconds since ``beat`` was called."""
        return time.monotonic() - self.heartbeat(worker)

    def record_death(self, worker: int, reason: DeathReason) -> Lost:
        """Count the death of the process of a worker and what it had open. Called before another one begins."""
        row, start = self.row(worker), worker * _WIDTH
        lost = Lost(
            int(row.value(declared.CONNECTIONS_ACTIVE)),
            int(row.value(declared.REQUESTS_ACTIVE)),
        )
        self._cells[start + _HEARTBEAT] = 0
        self._cells[start + _CELLS[declared.LOST.name, LostWork.CONNECTIONS]] += lost.connections
        self._cells[start + _CELLS[declared.LOST.name, LostWork.REQUESTS]] += lost.requests
        self.count(worker, declared.WORKER_DEATHS, reason)
        return lost

    def row(self, worker: int) -> Row:
        """All counts of a worker at one moment, although it may be counting."""
        cells = slice(worker * _WIDTH, (worker + 1) * _WIDTH)
        before = self._cells[cells]
        for _ in range(_ATTEMPTS):
            after = self._cells[cells]
            if after == before:  # so all of it held between the two
                break
            before = after
        return Row(before)


class LedgerCollector(Collector):
    """Exposes the counts of some workers, each with whether it is up; with a label for the worker or without one."""

    def __init__(self, ledger: Ledger, up: Mapping[int, bool], *, labelled: bool) -> None:
        self._ledger = ledger
        self._up = up
        self._labelled = labelled

    def collect(self) -> Iterator[Metric]:
        rows = {worker: self._ledger.row(worker) for worker in self._up}
        for metric in LEDGER_METRICS:
            make = CounterMetricFamily if isinstance(metric, Counter) else GaugeMetricFamily
            family = make(metric.name, metric.help, labels=(*metric.labels, *(["worker"] if self._labelled else [])))
            for worker, row in rows.items():
                own = [str(worker)] if self._labelled else []
                for labels in metric.combinations():
                    value = self._up[worker] if metric is declared.WORKER_UP else row.value(metric, *labels)
                    family.add_metric([*labels, *own], value)
            yield family
