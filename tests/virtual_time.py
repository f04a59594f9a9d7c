"""An event loop whose time passes only when it waits, so that a test of hours takes milliseconds, always the same."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_SECOND = 10**12


class _Selector(selectors.DefaultSelector):
    """Counts whole picoseconds: a sum of fractions would depend on the number of waits in which the time passed."""

    _picoseconds = 0

    @property
    def seconds(self) -> float:
        return self._picoseconds / _SECOND

    @property
    def lag_seconds(self) -> float:
        """By which a wait is too long, as in a real loop.

        It decreases: what one timer schedules for the time of another is due after that one, never at the same moment.
        """
        return 5e-7 / (1 + self.seconds / 100)

    def pass_time(self, seconds: float) -> None:
        self._picoseconds += round(seconds * _SECOND)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is left to wait for"
        if timeout > 0:
            self.pass_time(timeout)
            self.pass_time(self.lag_seconds)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.seconds

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing runs."""
        self._clock.pass_time(seconds)


def run_virtually(main: Coroutine[Any, Any, _Result]) -> _Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
