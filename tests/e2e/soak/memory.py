"""The memory of the instances during a soak."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import suppress

import psutil

from tests.integration.instances.instances import Instance

_SAMPLE_SECONDS = 1.0


class Memory:
    """The resident memory of an instance, with its child processes, at regular moments."""

    def __init__(self, instance: Instance) -> None:
        self._process = psutil.Process(instance.server.process.pid)
        self._samples: list[int] = []

    def sample(self) -> None:
        total = self._process.memory_info().rss
        for process in self._process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a child may have ended
                total += process.memory_info().rss
        self._samples.append(total)

    @property
    def quarters(self) -> list[float]:
        """The median of each quarter of the time, in bytes."""
        size = len(self._samples) // 4
        return [statistics.median(self._samples[number * size : (number + 1) * size]) for number in range(4)]


async def watch(memories: Sequence[Memory]) -> None:
    """Sample until cancelled."""
    while True:
        for memory in memories:
            memory.sample()
        await asyncio.sleep(_SAMPLE_SECONDS)
