"""Measures the time of one preparation and of its stages."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.content import Stage, StageTime


class Stopwatch:
    """Measures one preparation, from its construction on."""

    def __init__(self) -> None:
        self._began_at = time.monotonic()
        self.stages: list[StageTime] = []

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began_at

    @contextmanager
    def time(self, stage: Stage) -> Iterator[None]:
        end = self.begin(stage)
        try:
            yield
        finally:
            end()

    def begin(self, stage: Stage) -> Callable[[], None]:
        """Begin a stage; return what ends it, in any thread. Only the first call has an effect."""
        began_at = time.monotonic()
        open_ = [stage]

        def end() -> None:
            if open_:
                self.stages.append(StageTime(open_.pop(), began_at, time.monotonic() - began_at))

        return end
