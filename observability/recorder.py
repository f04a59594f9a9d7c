"""The one door: every event goes to every sink, and a sink that fails harms nobody."""

from collections.abc import Callable, Sequence
from typing import Protocol

from service.events import Event


class Sink(Protocol):
    """One consumer of events: a ``match`` over all of them."""

    def record(self, event: Event) -> None: ...


class FanOut:
    """Fulfils ``core.ports.Recorder``.

    Events of connections and streams come from one thread, the event loop's; those of dependencies and usage may come
    from any.
    """

    def __init__(self, sinks: Sequence[Sink], on_failure: Callable[[Sink, Exception], None]) -> None:
        """``on_failure`` must not raise."""
        self._sinks = tuple(sinks)
        self._on_failure = on_failure

    def add(self, sink: Sink) -> None:
        """For whoever is made later, as it needs this recorder itself."""
        self._sinks += (sink,)

    def record(self, event: Event) -> None:
        for sink in self._sinks:
            try:
                sink.record(event)
            except Exception as exception:  # noqa: BLE001 - telemetry never gets in the way of a stream
                self._on_failure(sink, exception)
