"""Calls to a dependency that may be unavailable, and the record of its availability."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from typing import TypeVar

from service.events import Dependency, DependencyChanged, DependencyFailed
from service.session.ports import Recorder, StoreUnavailable
from service.stores.breaker import Breaker
from service.stores.failures import Damaged, NoAnswer, Overloaded, Refused, Rejected, StoreFull

_PROBE_SECONDS = 0.1
"""How often the breaker is checked for a due probe."""
_IDLE_SECONDS = 5.0
"""A dependency that has not answered for this long is probed before a client needs it."""

Answer = TypeVar("Answer")


class DependencyMonitor:
    """Calls the dependency while its breaker is closed, and probes it in the background while it is open.

    ``probe`` makes the least call that shows that the dependency works; only its answer closes an open breaker. Calls
    raise only ``StoreUnavailable``. The breaker opens at once for a call that was refused (``Refused``) and, if
    ``silence_is_conclusive``, for one that got no answer while no other call was answered; for other failures it opens
    if they are consecutive. A dependency that is damaged counts as unavailable from then on, but is called all the
    same, because other data of it may be sound. Failures of another kind than ``counts`` have no effect.

    A call is made up to ``attempts`` times, unless it was answered with an error. ``clock`` returns monotonic seconds.
    """

    def __init__(  # noqa: PLR0913 - all but the first three have defaults
        self,
        dependency: Dependency,
        probe: Callable[[], Awaitable[object]],
        recorder: Recorder,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        attempts: int = 1,
        counts: type[StoreUnavailable] = StoreUnavailable,
        silence_is_conclusive: bool = False,
    ) -> None:
        self._dependency = dependency
        self._probe = probe
        self._recorder = recorder
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._attempts = attempts
        self._counts = counts
        self._silence_is_conclusive = silence_is_conclusive
        self._probing: asyncio.Task[None] | None = None
        self._answered_at = -math.inf
        self._damaged = False

    @property
    def available(self) -> bool:
        """Whether calls are made."""
        return self._breaker.closed

    async def call(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer. Raises ``StoreUnavailable``, at once while the breaker is open."""
        for attempt in range(1, self._attempts + 1):
            if not self.available:
                break
            try:
                return await self._call(question)
            except (Overloaded, Rejected, StoreFull):
                raise
            except StoreUnavailable:
                if attempt == self._attempts:
                    raise
        raise StoreUnavailable("The breaker is open")

    async def write(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer, as of ``call``; but a write that is refused is no outage: a full store still serves reads."""

        async def answered() -> Answer | Rejected:
            try:
                return await question()
            except Rejected as rejected:
                return rejected

        answer = await self.call(answered)
        if not isinstance(answer, Rejected):
            return answer
        if isinstance(answer, Damaged):
            self.fail(answer)
        else:
            self._recorder.record(DependencyFailed(self._dependency))
        raise answer

    async def check(self) -> None:
        """Probe a dependency that has not answered for a while."""
        if self.available and self._clock() - self._answered_at >= _IDLE_SECONDS:
            with suppress(StoreUnavailable):
                await self._call(self._probe)

    def fail(self, unavailable: StoreUnavailable, *, silent: bool = False) -> None:
        """Record a failure. ``silent`` if no call was answered since the call began that got no answer."""
        if isinstance(unavailable, Overloaded) or not isinstance(unavailable, self._counts):
            return
        was_up = self.available and not self._damaged
        self._recorder.record(DependencyFailed(self._dependency))
        if isinstance(unavailable, Damaged):
            self._damaged = True
        else:
            conclusive = isinstance(unavailable, Refused) or (silent and self._silence_is_conclusive)
            if self._breaker.failed(self._clock(), conclusive=conclusive):
                self._begin_probing()
        if was_up and (self._damaged or not self.available):
            self._recorder.record(DependencyChanged(self._dependency, up=False, reason=str(unavailable)))

    async def close(self) -> None:
        """Stop probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    async def _call(self, question: Callable[[], Awaitable[Answer]], *, probes: bool = False) -> Answer:
        began = self._clock()
        try:
            answer = await question()
        except StoreFull:
            self._answered(probes=probes)
            raise
        except StoreUnavailable as unavailable:
            self.fail(unavailable, silent=isinstance(unavailable, NoAnswer) and self._answered_at < began)
            raise
        self._answered(probes=probes)
        return answer

    def _answered(self, *, probes: bool) -> None:
        self._answered_at = self._clock()
        if (probes or self.available) and self._breaker.answered() and not self._damaged:
            self._recorder.record(DependencyChanged(self._dependency, up=True))

    def _begin_probing(self) -> None:
        if self._probing is None or self._probing.done():
            self._probing = asyncio.get_running_loop().create_task(self._probe_until_answered(), context=Context())

    async def _probe_until_answered(self) -> None:
        while not self.available:
            if self._breaker.claim_probe(self._clock()):
                with suppress(StoreUnavailable):
                    await self._call(self._probe, probes=True)
            else:
                await asyncio.sleep(_PROBE_SECONDS)
