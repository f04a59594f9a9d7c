"""Measures the time of one preparation and of its stages."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.content import Stage, StageTime


class Stopwatch:
    """Measures one preparation, from its construction on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self.stages: list[StageTime] = []

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @contextmanager
    def time(self, stage: Stage) -> Iterator[None]:
        began = self.seconds
        try:
            yield
        finally:
            self.stages.append(StageTime(stage, began, self.seconds - began))
