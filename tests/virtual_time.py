"""An event loop whose time passes only when it waits, so that a test of hours takes milliseconds, always the same."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")

WAKE_UP_SECONDS = 0.0002
"""By which a wait is too long, as in a real loop."""


class _Selector(selectors.DefaultSelector):
    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is left to wait for"
        if timeout > 0:
            self.seconds += timeout + WAKE_UP_SECONDS
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.seconds

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing runs."""
        self._clock.seconds += seconds


def run_virtually(main: Coroutine[Any, Any, _Result]) -> _Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
