"""The process's pulse: at a steady beat it feels how late the event loop is, and reports what went out."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.events import LoopLagMeasured
from service.protocol.instant import Instant
from service.session.ports import Recorder
from service.websocket.message_writer import MessageWriter

BEAT_SECONDS = 0.25


class LoopMonitor:
    """Beats while its context lasts, and once more at its end, so that no count is lost."""

    def __init__(self, writer: MessageWriter, recorder: Recorder, clock: Callable[[], Instant]) -> None:
        self._outbox = writer
        self._recorder = recorder
        self._clock = clock
        self._due_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def beating(self) -> Iterator[None]:
        self._wait()
        try:
            yield
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self.report()

    def report(self) -> None:
        """What went out since the last report."""
        if (sent := self._outbox.take_counts()) is not None:
            self._recorder.record(sent)

    def _wait(self) -> None:
        # By a clock of ours: uvloop's own counts whole milliseconds.
        self._due_at = self._clock().seconds + BEAT_SECONDS
        self._timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        self._recorder.record(LoopLagMeasured(max(0.0, self._clock().seconds - self._due_at)))
        self.report()
        self._wait()
