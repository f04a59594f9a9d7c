"""Notices from a thread that the event loop does not come round."""

import asyncio
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from service.events import LoopStalled
from service.session.ports import Recorder

BEAT_SECONDS = 0.05
"""How often the loop shows that it runs. A stall begins in the middle of such an interval, on average."""
STALL_SECONDS = 0.1
"""A beat that is later than this is a stall."""
_REPORT_SECONDS = 1.0
"""How often a stall that lasts is reported."""

_PROJECT = Path(__file__).parents[2]
_OWN = tuple(f"{_PROJECT / package}/" for package in ("service", "observability"))


class StallWatch:
    """Records ``LoopStalled`` in its thread, so also while the loop hangs. ``clock`` returns monotonic seconds."""

    def __init__(self, recorder: Recorder, clock: Callable[[], float] = time.monotonic) -> None:
        self._recorder = recorder
        self._clock = clock
        self._beat_at = 0.0
        self._ended: deque[tuple[float, float]] = deque()
        """Begin and end of stalls that are over: the loop itself sees those in which this thread stood still too."""
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = threading.Event()
        self._current = 0.0
        """The last beat before the stall that was reported last."""
        self._reported = 0.0
        self._frame = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch the running loop while the context lasts."""
        self._beat_at = self._clock()
        self._beat()
        thread = threading.Thread(target=self._watch, args=[threading.get_ident()], name="stall watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._stopped.set()
            thread.join()

    def _beat(self) -> None:
        now = self._clock()
        if now - self._beat_at > BEAT_SECONDS + STALL_SECONDS:
            self._ended.append((self._beat_at, now))
        self._beat_at = now
        self._timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    # In the thread

    def _watch(self, loop_thread: int) -> None:
        stopped = False
        while not stopped:
            slept_at = self._clock()
            stopped = self._stopped.wait(BEAT_SECONDS)
            beat_at, now = self._beat_at, self._clock()
            while self._ended:
                began, ended = self._ended.popleft()
                self._report(began, ended, ended_now=True)
            if now - beat_at > BEAT_SECONDS + STALL_SECONDS and not stopped:
                self._begin(beat_at)
                runs = now - slept_at < BEAT_SECONDS + STALL_SECONDS  # else this thread stood still too
                if runs and not self._frame:
                    self._frame = _own_frame(sys._current_frames().get(loop_thread))  # noqa: SLF001
                if now - beat_at - self._reported > _REPORT_SECONDS:
                    self._report(beat_at, now, ended_now=False)

    def _begin(self, beat_at: float) -> None:
        if beat_at != self._current:
            self._current, self._reported, self._frame = beat_at, 0.0, ""

    def _report(self, beat_at: float, now: float, *, ended_now: bool) -> None:
        self._begin(beat_at)
        total_seconds = now - beat_at - BEAT_SECONDS / 2
        seconds, self._reported = total_seconds - self._reported, total_seconds
        self._recorder.record(LoopStalled(seconds, total_seconds, ended_now, self._frame))


def _own_frame(frame: FrameType | None) -> str:
    """The innermost frame in a module of the service: its place and the name of its function, nothing of its values."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_OWN):
            return f"{Path(path).relative_to(_PROJECT)}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back
    return ""
