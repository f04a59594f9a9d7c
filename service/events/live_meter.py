"""What happens too often in live streams for an event, counted in plain numbers."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from service.events.live import Distribution, LiveMeasured

SOURCE_TO_SOCKET_SECONDS = (0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5)
"""Upper bounds; with the hold-back and the pace, which are to be at most 0.25 together."""
LIVE_GAP_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24)
"""Those of ``gen_ai.client.operation.time_per_output_chunk`` in the conventions of OpenTelemetry, without the last."""
HELD_BACK_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0)
DEFINITION_WAIT_SECONDS = (1.0, 5.0, 10.0, 30.0, 60.0, 300.0)
FIRST_APPENDS = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0)


class LiveChunk(NamedTuple):
    """When a chunk of a live stream was sent."""

    waited_seconds: float
    """Since the oldest part of the source in it arrived at the service, without the time for which its reader held it
    back by a pause or a full socket."""
    gap_seconds: float | None
    """Since the chunk before; ``None`` for the first one, and after a pause."""
    replaced: bool
    """Whether it replaced what was sent before."""


class LiveMeter:
    """One for each process. Belongs to the event loop; each call costs less than a microsecond."""

    def __init__(self) -> None:
        self._awaiting = 0
        self._reset()

    def _reset(self) -> None:
        self._chunks = 0
        self._replacements = 0
        self._source_to_socket = _Counts(SOURCE_TO_SOCKET_SECONDS)
        self._gaps = _Counts(LIVE_GAP_SECONDS)
        self._held_back = _Counts(HELD_BACK_SECONDS)
        self._definition_waits = _Counts(DEFINITION_WAIT_SECONDS)
        self._first_appends = _Counts(FIRST_APPENDS)
        self._changed = False

    def chunks_sent(self, chunks: Sequence[LiveChunk]) -> None:
        """Count chunks of live streams: for the driver of a socket, and for the route of events."""
        for chunk in chunks:
            self._changed = True
            self._chunks += 1
            self._replacements += chunk.replaced
            self._source_to_socket.add(chunk.waited_seconds)
            if chunk.gap_seconds is not None:
                self._gaps.add(chunk.gap_seconds)

    def held_back(self, seconds: float) -> None:
        """Count a hold-back that is over: from the first held character until it was shown. For the feed of a stream.

        Undecided markup characters that remain are not counted: it ends when readable text is shown.
        """
        self._changed = True
        self._held_back.add(seconds)

    def first_shown(self, appends: int) -> None:
        """Count the appends, usually tokens, until a stream had something to show. For the feed of a new stream."""
        self._changed = True
        self._first_appends.add(appends)

    def awaits_definition(self, readers: int) -> None:
        """Some readers of settled blocks begin to wait for a definition. For the feed of their stream."""
        self._changed = True
        self._awaiting += readers

    def definition_came(self, readers: int, seconds: float) -> None:
        """They wait no longer: the definition or the end came after ``seconds``, or they have left."""
        self._changed = True
        self._awaiting -= readers
        for _ in range(readers):
            self._definition_waits.add(seconds)

    def take(self) -> LiveMeasured | None:
        """Return what was counted since the last call; ``None`` if nothing was."""
        if not self._changed:
            return None
        measured = LiveMeasured(
            self._chunks,
            self._replacements,
            self._source_to_socket.distribution(),
            self._gaps.distribution(),
            self._held_back.distribution(),
            self._definition_waits.distribution(),
            self._first_appends.distribution(),
            self._awaiting,
        )
        self._reset()
        return measured


class _Counts:
    """Observations by bucket."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def distribution(self) -> Distribution:
        return Distribution(tuple(self._counts), self._total)
