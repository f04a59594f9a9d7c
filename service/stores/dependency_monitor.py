"""Calls to a dependency that may be unavailable, and the record of its availability."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from service.events import Dependency, DependencyChanged, DependencyFailed
from service.session.ports import Recorder, StoreUnavailable
from service.stores.breaker import Breaker
from service.stores.deadline import NoAnswer, Overloaded

_PROBE_SECONDS = 0.1
"""How often the breaker is checked for a due probe."""
_IDLE_SECONDS = 5.0
"""A dependency that has not answered for this long is probed before a client needs it."""

Answer = TypeVar("Answer")


class DependencyMonitor:
    """Calls the dependency while its breaker is closed, and probes it in the background while it is open.

    ``probe`` makes the least call that shows that the dependency works. Calls raise only ``StoreUnavailable``. One
    that got no answer (``NoAnswer``) opens the breaker at once if ``silence_is_conclusive`` and no other call was
    answered since it began; other failures open it if they are consecutive. ``clock`` returns monotonic seconds.
    """

    def __init__(  # noqa: PLR0913 - the last three have defaults
        self,
        dependency: Dependency,
        probe: Callable[[], Awaitable[object]],
        recorder: Recorder,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        silence_is_conclusive: bool = False,
    ) -> None:
        self._dependency = dependency
        self._probe = probe
        self._recorder = recorder
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._silence_is_conclusive = silence_is_conclusive
        self._probing: asyncio.Task[None] | None = None
        self._answered_at = -math.inf

    @property
    def available(self) -> bool:
        """Whether calls are made."""
        return self._breaker.closed

    async def call(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer. Raises ``StoreUnavailable``, at once while the breaker is open."""
        if not self.available:
            raise StoreUnavailable("The breaker is open")
        return await self._call(question)

    async def check(self) -> None:
        """Probe a dependency that has not answered for a while."""
        if self.available and self._clock() - self._answered_at >= _IDLE_SECONDS:
            with suppress(StoreUnavailable):
                await self._call(self._probe)

    async def close(self) -> None:
        """Stop probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    async def _call(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        began = self._clock()
        try:
            answer = await question()
        except Overloaded:
            raise
        except StoreUnavailable as unavailable:
            silent = isinstance(unavailable, NoAnswer) and self._answered_at < began
            self._recorder.record(DependencyFailed(self._dependency))
            if self._breaker.failed(self._clock(), conclusive=silent and self._silence_is_conclusive):
                self._recorder.record(DependencyChanged(self._dependency, up=False, reason=str(unavailable)))
                self._begin_probing()
            raise
        self._answered_at = self._clock()
        if self._breaker.answered():
            self._recorder.record(DependencyChanged(self._dependency, up=True))
        return answer

    def _begin_probing(self) -> None:
        if self._probing is None or self._probing.done():
            self._probing = asyncio.get_running_loop().create_task(self._probe_until_answered())

    async def _probe_until_answered(self) -> None:
        while not self.available:
            if self._breaker.claim_probe(self._clock()):
                with suppress(StoreUnavailable):
                    await self._call(self._probe)
            else:
                await asyncio.sleep(_PROBE_SECONDS)
