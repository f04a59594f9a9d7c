"""When things happened to a stream, and how long each phase of its request took."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from service.content.stage import Stage, StageTime
from service.protocol.instant import Instant


class Phase(StrEnum):
    """A part of the time for which a client waits."""

    HANDSHAKE = "handshake"
    """From the request of the handshake until the session is open."""
    ADMISSION = "admission"
    """From the arrival of a request to the answer of the session store."""
    QUEUE = "queue"
    """Behind an earlier request of the connection."""
    CONTENT_WAIT = "content_wait"
    """For a content worker."""
    WORK = "work"
    """The rest of preparation: caches and the content worker."""
    STORE = "store"
    """Until the stream was stored, before it was announced."""


class StreamTimes(Struct, frozen=True, kw_only=True):
    """One stream on one connection, in monotonic seconds; ``None`` for what has not happened."""

    received: Instant
    """When its request arrived. Wall times of the others are derived from it, so that their order is right."""
    called: float | None = None
    """The session store was called for its admission."""
    admitted: float | None = None
    dequeued: float | None = None
    """Its preparation or its recovery began."""
    prepared: float | None = None
    started: float | None = None
    """``stream_start`` or ``stream_recovered`` was sent."""
    ended: float | None = None

    @property
    def queued_seconds(self) -> float:
        """How long it waited for earlier requests; 0 if it still does."""
        return 0.0 if self.admitted is None or self.dequeued is None else self.dequeued - self.admitted

    @property
    def waited_seconds(self) -> float:
        """From the arrival of its request until it started; 0 if it did not."""
        return 0.0 if self.started is None else self.started - self.received.seconds

    @property
    def streamed_seconds(self) -> float:
        """From its start to its end, with pauses; 0 if it did not start."""
        return 0.0 if self.started is None or self.ended is None else self.ended - self.started

    def wall(self, seconds: float) -> float:
        """The wall time of a monotonic time, in epoch seconds."""
        return self.received.wall + (seconds - self.received.seconds)


def phases(times: StreamTimes, stages: Iterable[StageTime]) -> Iterator[tuple[Phase, float]]:
    """Return the phases that are over, with their seconds.

    ``stages`` are those of its preparation. If that failed, it is over at the end of the stream.
    """
    if times.admitted is None:
        return
    yield Phase.ADMISSION, times.admitted - times.received.seconds
    if times.dequeued is None:
        return
    yield Phase.QUEUE, times.dequeued - times.admitted
    stages = tuple(stages)
    prepared = times.ended if times.prepared is None and stages else times.prepared
    if prepared is None:
        return
    waited = sum(stage.seconds for stage in stages if stage.stage is Stage.WAIT)
    yield Phase.CONTENT_WAIT, waited
    yield Phase.WORK, prepared - times.dequeued - waited
    if times.prepared is not None and times.started is not None:
        yield Phase.STORE, times.started - times.prepared
