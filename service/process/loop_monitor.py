"""Measures the lag of the event loop at regular intervals, and reports what was counted in each."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.events import LiveMeter, LoopLagMeasured
from service.protocol.instant import Instant
from service.session.ports import Recorder
from service.websocket.message_writer import MessageWriter

INTERVAL_SECONDS = 0.25
_MAX_SWALLOWED = 1000
"""The probes that would have been due during a stall are recorded too: each would have waited until its end."""


class LoopMonitor:
    def __init__(
        self,
        writer: MessageWriter,
        live_meter: LiveMeter,
        recorder: Recorder,
        clock: Callable[[], Instant],
        beat: Callable[[], None],
    ) -> None:
        """``beat`` is called at each interval: a sign that the event loop runs."""
        self._writer = writer
        self._live_meter = live_meter
        self._recorder = recorder
        self._clock = clock
        self._beat = beat
        self._due_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure and report while the context lasts; report once more at its end, so that no message is missed."""
        self._beat()
        self._schedule()
        try:
            yield
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self.report()

    def report(self) -> None:
        """Record what was counted since the last report: messages, and what happened in live streams."""
        if (sent := self._writer.take_counts()) is not None:
            self._recorder.record(sent)
        if (measured := self._live_meter.take()) is not None:
            self._recorder.record(measured)

    def _schedule(self) -> None:
        # The clock of uvloop counts whole milliseconds.
        self._due_at = self._clock().seconds + INTERVAL_SECONDS
        self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._measure)

    def _measure(self) -> None:
        self._beat()
        lag_seconds = max(0.0, self._clock().seconds - self._due_at)
        self._recorder.record(LoopLagMeasured(lag_seconds))
        for number in range(1, min(_MAX_SWALLOWED, int(lag_seconds / INTERVAL_SECONDS)) + 1):
            self._recorder.record(LoopLagMeasured(lag_seconds - number * INTERVAL_SECONDS, swallowed=True))
        self.report()
        self._schedule()
