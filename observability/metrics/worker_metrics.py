"""The metrics of several workers: each serves its own to the others, and the one that is scraped returns those of all.

Every sample has the label ``worker``, which each worker adds to its own, so that gathering is only a merge of text. The
ledger is exposed by the worker that is scraped, for all of them: also for one that is dead or does not answer.
"""

from collections.abc import Iterable
from threading import Thread

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from observability.metrics.exposition import exposition
from observability.metrics.gather import Question, merge, serve
from observability.metrics.ledger import LEDGER_METRICS, LedgerCollector
from observability.metrics.worker_group import WorkerContext

_SILENT_SECONDS = 3.0
"""A worker whose event loop has not run for longer is not asked, so that a scrape does not wait for it."""


class WorkerMetrics:
    """The metrics of this worker and, in a scrape, of all."""

    def __init__(self, own: CollectorRegistry, context: WorkerContext) -> None:
        """``own`` has the metrics of this worker, without the label."""
        self._context = context
        self._own = CollectorRegistry()
        self._own.register(_Labelled(own, str(context.number)))

    def start(self) -> None:
        """Answer the other workers from now on, until the process ends."""
        arguments = (self._context.listener, lambda accept: exposition(self._own, accept)[0])
        Thread(target=serve, args=arguments, name="worker metrics", daemon=True).start()

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """As ``exposition``, of all workers that answer. Raises ``FileNotFoundError`` if a socket was removed."""
        number, ledger = self._context.number, self._context.ledger
        others = [
            other for other in range(ledger.workers) if other != number and ledger.silence(other) < _SILENT_SECONDS
        ]
        with Question({other: self._context.address(other) for other in others}, accept) as question:
            own, content_type = exposition(self._own, accept)
            answers = question.answers() | {number: own}
        counts = CollectorRegistry()
        up = {worker: worker in answers for worker in range(ledger.workers)}
        counts.register(LedgerCollector(ledger, up, labelled=True))
        texts = [answers[worker] for worker in sorted(answers)]
        return merge([*texts, exposition(counts, accept)[0]]), content_type


class _Labelled(Collector):
    """The metrics of a registry, except those of the ledger, with the label ``worker``."""

    def __init__(self, registry: CollectorRegistry, worker: str) -> None:
        self._registry = registry
        self._worker = {"worker": worker}
        self._left_out = {metric.name.removesuffix("_total") for metric in LEDGER_METRICS}

    def collect(self) -> Iterable[Metric]:
        for family in self._registry.collect():
            if family.name not in self._left_out:
                labelled = Metric(family.name, family.documentation, family.type, family.unit)
                labelled.samples = [Sample(one.name, one.labels | self._worker, *one[2:]) for one in family.samples]
                yield labelled
