"""The process's pulse: at a steady beat it feels how late the event loop is, and reports what went out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from service.core.events import LoopProbed
from service.core.ports import Recorder
from service.transport.outbox import Outbox

BEAT_SECONDS = 0.25


class Pulse:
    """Beats while its context lasts, and once more at its end, so that no count is lost."""

    def __init__(self, outbox: Outbox, recorder: Recorder) -> None:
        self._outbox = outbox
        self._recorder = recorder
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
        if (sent := self._outbox.sent()) is not None:
            self._recorder.record(sent)

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._due_at = loop.time() + BEAT_SECONDS
        self._timer = loop.call_at(self._due_at, self._beat)

    def _beat(self) -> None:
        self._recorder.record(LoopProbed(max(0.0, asyncio.get_running_loop().time() - self._due_at)))
        self.report()
        self._wait()
