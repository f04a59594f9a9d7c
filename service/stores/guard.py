"""A dependency that may be away: asked while it answers, left alone while it does not, and probed until it does."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from service.events import Dependency, DependencyChanged, DependencyFailed
from service.session.ports import Recorder, StoreUnavailable
from service.stores.breaker import Breaker

_PROBE_SECONDS = 0.1
"""How often the breaker is asked whether it is time."""
_IDLE_SECONDS = 5.0
"""What has not answered for so long is asked before anybody needs it."""

Answer = TypeVar("Answer")


class Guard:
    """Tells what becomes of the dependency. ``probe`` asks it for the least that it must be able to do.

    What is asked raises nothing but ``StoreUnavailable``. Nobody waits for a probe, and none is needed to begin one.
    ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        dependency: Dependency,
        probe: Callable[[], Awaitable[object]],
        recorder: Recorder,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dependency = dependency
        self._probe = probe
        self._recorder = recorder
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._probing: asyncio.Task[None] | None = None
        self._answered_at = -math.inf

    @property
    def away(self) -> bool:
        """Whether nobody asks for now."""
        return not self._breaker.closed

    async def ask(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer. Raises ``StoreUnavailable``: at once, while it is away."""
        if self.away:
            raise StoreUnavailable("It is away, and is asked again in a moment")
        return await self._asked(question)

    async def check(self) -> None:
        """Ask it, if nobody has for a while: an idle process is not to believe that it is there."""
        if not self.away and self._clock() - self._answered_at >= _IDLE_SECONDS:
            with suppress(StoreUnavailable):
                await self._asked(self._probe)

    async def close(self) -> None:
        """Probe no more."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    async def _asked(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            answer = await question()
        except StoreUnavailable as away:
            self._recorder.record(DependencyFailed(self._dependency))
            if self._breaker.failed(self._clock()):
                self._recorder.record(DependencyChanged(self._dependency, up=False, reason=str(away)))
                self._begin_probing()
            raise
        self._answered_at = self._clock()
        if self._breaker.answered():
            self._recorder.record(DependencyChanged(self._dependency, up=True))
        return answer

    def _begin_probing(self) -> None:
        if self._probing is None or self._probing.done():
            self._probing = asyncio.get_running_loop().create_task(self._probe_until_it_answers())

    async def _probe_until_it_answers(self) -> None:
        while self.away:
            if self._breaker.probes(self._clock()):
                with suppress(StoreUnavailable):
                    await self._asked(self._probe)
            else:
                await asyncio.sleep(_PROBE_SECONDS)
