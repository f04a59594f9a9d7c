"""The recorder: passes every event to every sink and isolates the failures of sinks."""

from collections.abc import Callable, Sequence
from typing import Protocol

from service.events import Event


class Sink(Protocol):
    """A receiver of events: a ``match`` over all of them."""

    def record(self, event: Event) -> None: ...


class FanOut:
    """Implements ``session.ports.Recorder``.

    Events of connections and streams come from the thread of the event loop; those of dependencies and usage may come
    from any thread.
    """

    def __init__(self, sinks: Sequence[Sink], on_failure: Callable[[Sink, Exception], None]) -> None:
        """``on_failure`` must not raise."""
        self._sinks = tuple(sinks)
        self._on_failure = on_failure

    def add(self, sink: Sink) -> None:
        """Add a sink that needs this recorder for its own construction."""
        self._sinks += (sink,)

    def record(self, event: Event) -> None:
        for sink in self._sinks:
            try:
                sink.record(event)
            except Exception as exception:  # noqa: BLE001 - telemetry never interrupts a stream
                self._on_failure(sink, exception)
