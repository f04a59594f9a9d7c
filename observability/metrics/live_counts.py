"""The counts of live streams."""

from typing import assert_never

from prometheus_client import CollectorRegistry, Counter

from observability.metrics.bucket_counts import BucketCounts
from observability.metrics.metric_set import MetricSet, exemplar_of
from observability.registry import live_metrics as declared
from observability.registry.live_metrics import LiveStreamState, ProducerChange
from service import events


class LiveCounts:
    """Counts the events of live streams."""

    def __init__(self, metrics: MetricSet, registry: CollectorRegistry) -> None:
        """``metrics`` has all of live streams but those of ``LIVE_COUNTED``, which are created here."""
        self._counter, self._gauge, self._histogram = metrics.counter, metrics.gauge, metrics.histogram
        self._buckets = {metric.name: BucketCounts(metric) for metric in declared.LIVE_COUNTED}
        for buckets in self._buckets.values():
            registry.register(buckets)

    def record(self, event: events.LiveEvent) -> None:  # noqa: C901, PLR0912 - one match over all of them
        match event:
            case events.LiveStreamCreated():
                self._counter(declared.LIVE_CREATED, event.content_type).inc()
            case events.LiveStreamEnded():
                self._counter(declared.LIVE_ENDED, event.outcome).inc()
                self._histogram(declared.LIVE_DURATION).observe(event.seconds, exemplar_of(event.trace))
            case events.LiveAppendsStored():
                self._stored(event)
            case events.AppendRefused():
                self._counter(declared.LIVE_REFUSALS, event.reason).inc()
            case events.LiveStreamAdopted():
                self._producer(ProducerChange.ADOPTED).inc()
            case events.ProducerStalled():
                self._producer(ProducerChange.STALLED).inc()
            case events.ProducerContinued():
                self._producer(ProducerChange.CONTINUED).inc()
            case events.ProducerLost():
                self._producer(ProducerChange.LOST).inc()
            case events.LiveStreamsCounted():
                self._gauge(declared.LIVE_STREAMS, LiveStreamState.OPEN).set(
                    event.open - event.stalled - event.interrupted
                )
                self._gauge(declared.LIVE_STREAMS, LiveStreamState.STALLED).set(event.stalled)
                self._gauge(declared.LIVE_STREAMS, LiveStreamState.INTERRUPTED).set(event.interrupted)
            case events.PublishSocketsCounted():
                self._gauge(declared.LIVE_PUBLISH_SOCKETS).set(event.open)
            case events.LiveReaderAttached():
                self._gauge(declared.LIVE_READERS, event.way).inc()
                self._counter(declared.LIVE_LATE_READERS).inc(event.late)
            case events.LiveFirstChunkSent():
                self._histogram(declared.LIVE_FIRST_CHUNK).observe(event.seconds, exemplar_of(event.trace))
            case events.LiveReaderDetached():
                self._gauge(declared.LIVE_READERS, event.way).dec()
                self._counter(declared.LIVE_READS, event.end).inc()
            case events.LiveMeasured():
                self._measured(event)
            case _:
                assert_never(event)

    def _producer(self, change: ProducerChange) -> Counter:
        return self._counter(declared.LIVE_PRODUCERS, change)

    def _stored(self, event: events.LiveAppendsStored) -> None:
        self._counter(declared.LIVE_APPENDS).inc(event.appends)
        self._counter(declared.LIVE_SOURCE_BYTES).inc(event.bytes)
        self._histogram(declared.LIVE_COMMIT).observe(event.seconds)
        self._histogram(declared.LIVE_DURABLE_LAG).observe(event.longest_seconds)
        self._gauge(declared.LIVE_UNDURABLE).set(event.undurable_bytes)

    def _measured(self, event: events.LiveMeasured) -> None:
        self._counter(declared.LIVE_CHUNKS).inc(event.chunks)
        self._counter(declared.LIVE_REPLACEMENTS).inc(event.replacements)
        self._gauge(declared.LIVE_AWAITING_DEFINITION).set(event.awaiting_definition)
        for metric, counted in (
            (declared.LIVE_SOURCE_TO_SOCKET, event.source_to_socket),
            (declared.LIVE_GAP, event.gaps),
            (declared.LIVE_FIRST_APPENDS, event.first_appends),
            (declared.LIVE_HELD_BACK, event.held_back),
            (declared.LIVE_DEFINITION_WAIT, event.definition_waits),
        ):
            self._buckets[metric.name].add(counted.counts, counted.total)
