"""The live streams that one connection reads: attached, detached, and cancelled even if the connection ends."""

import asyncio
from collections.abc import Callable

from service.session.live_effects import AttachLive, ListLive, LiveAttached, LiveListed, LiveUnknown
from service.session.live_ports import LiveReading, LiveStreams
from service.session.ports import StoreUnavailable

_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.2
"""Doubled after each attempt to cancel a stream while the store is unavailable: 6 s in all."""

_cancellations: set[asyncio.Task[None]] = set()
"""Those of the process: the event loop keeps no reference to a task."""


class LiveReadings:
    """Performs the effects of one machine on live streams. ``on_change`` is called when one that it reads changes."""

    __slots__ = ("_live", "_on_change", "_on_fault", "_readings")

    def __init__(
        self, live: LiveStreams, on_change: Callable[[], None], on_fault: Callable[[BaseException], object]
    ) -> None:
        """``on_fault`` receives an exception of a cancellation, which has no result."""
        self._live = live
        self._on_change = on_change
        self._on_fault = on_fault
        self._readings: set[LiveReading] = set()

    async def find(self, effect: ListLive) -> LiveListed:
        return LiveListed(effect.ticket, await self._live.open_streams(effect.session_key))

    async def attach(self, effect: AttachLive) -> LiveAttached | LiveUnknown:
        """Attach the reader. If this is cancelled, no reading remains, even one that was attached at that moment."""
        attaching = asyncio.ensure_future(self._live.attach(effect.target, self._on_change))
        try:
            reading = await asyncio.shield(attaching)
        except asyncio.CancelledError:
            attaching.add_done_callback(self._discard)
            raise
        if reading is None:
            return LiveUnknown(effect.ticket)
        self._readings.add(reading)
        return LiveAttached(effect.ticket, reading)

    def detach(self, reading: LiveReading) -> None:
        self._readings.discard(reading)
        self._live.detach(reading)

    def cancel(self, stream_id: str) -> None:
        """Cancel the stream for all. Does not end with the connection."""
        task = asyncio.get_running_loop().create_task(self._cancel(stream_id))
        _cancellations.add(task)
        task.add_done_callback(_cancellations.discard)

    def close(self) -> None:
        """The connection has ended: detach what is left, as after a fault of the machine."""
        for reading in tuple(self._readings):
            self.detach(reading)

    async def _cancel(self, stream_id: str) -> None:
        wait_seconds = _FIRST_WAIT_SECONDS
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(wait_seconds)
                wait_seconds *= 2
            try:
                await self._live.cancel(stream_id)
            except StoreUnavailable:
                continue
            except Exception as exception:  # noqa: BLE001 - nothing awaits this task
                self._on_fault(exception)
            return

    def _discard(self, attaching: asyncio.Future[LiveReading | None]) -> None:
        if not attaching.cancelled() and attaching.exception() is None and (reading := attaching.result()) is not None:
            self._live.detach(reading)
