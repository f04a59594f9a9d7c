"""How long a store may take before it counts as unavailable.

A limit on requests must not give way because a machine is busy. So the time in which this process was late is not
counted, and neither is the time in which a call waited for its turn.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

STEP_SECONDS = 0.05


class AnswerDeadline:
    """An asynchronous context that raises ``TimeoutError`` after ``seconds`` in which nothing happened.

    The time is measured in steps of the event loop's timer. However late a step is, it counts once; and after the last
    step the loop polls for input once more before the deadline expires. So neither a blocked event loop nor a suspended
    process lets an answer that has arrived count as missing. When the result of ``progress`` changes, the time starts
    again.
    """

    def __init__(self, seconds: float, progress: Callable[[], object] = lambda: None) -> None:
        self._steps = max(2, round(seconds / STEP_SECONDS))
        self._progress = progress
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._loop = asyncio.get_running_loop()
        self._restart()
        self._schedule()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    def _restart(self) -> None:
        self._reached = self._progress()
        self._steps_left = self._steps

    def _schedule(self) -> None:
        self._timer = self._loop.call_later(STEP_SECONDS, self._step)

    def _step(self) -> None:
        if self._progress() != self._reached:
            self._restart()
        self._steps_left -= 1
        if self._steps_left < 0:  # below 0: one pass of the loop after the last step
            self._timeout.reschedule(self._loop.time())
        else:
            self._schedule()
