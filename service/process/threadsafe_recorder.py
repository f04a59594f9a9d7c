"""Events from other threads, recorded on the event loop like all others."""

import asyncio

from service.events import Event
from service.session.ports import Recorder


class ThreadsafeRecorder:
    """Implements ``session.ports.Recorder`` for any thread, from ``open`` to the end of the loop."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Accept events from now on; called in the event loop."""
        self._loop = asyncio.get_running_loop()

    def record(self, event: Event) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._recorder.record, event)
