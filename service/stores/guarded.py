"""What holds while a store is away: streams go on, sessions are counted by each process, and nothing is recovered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import msgspec

from service.core.effects import Admission, Lease
from service.core.events import Dependency, DependencyChanged, DependencyFailed
from service.core.ports import Recorder, SessionStore, StoreAway
from service.core.records import Change, Claim, Digest, StreamRecord
from service.stores.breaker import Breaker

_PROBE_SECONDS = 0.1
"""How often the breaker is asked whether it is time."""
_NOBODYS_STREAM = "probe"

Answer = TypeVar("Answer")


class GuardedSessionStore:
    """Fulfils ``core.ports.SessionStore`` over a ``primary`` that may be away, with a ``local`` one that cannot be.

    While the primary is away each process counts by itself from what it last knew, and a session that begins is this
    process's own. What is about streams raises ``StoreAway`` at once. The primary is probed until it answers, whether
    or not anybody asks.
    """

    def __init__(
        self,
        primary: SessionStore,
        local: SessionStore,
        recorder: Recorder,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._local = local
        self._recorder = recorder
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._probing: asyncio.Task[None] | None = None

    async def open(self, session_id: str) -> Lease:
        try:
            return await self._asked(lambda: self._primary.open(session_id))
        except StoreAway:
            return msgspec.structs.replace(await self._local.open(session_id), shared=False)

    async def admit(self, lease: Lease, stream_id: str, claim: Claim | None) -> Admission:
        if lease.shared:
            with suppress(StoreAway):
                return await self._asked(lambda: self._primary.admit(lease, stream_id, claim))
        return await self._local.admit(lease, stream_id, claim)

    async def keep(self, record: StreamRecord) -> None:
        await self._asked(lambda: self._primary.keep(record))

    async def find(self, stream_id: str) -> StreamRecord | None:
        return await self._asked(lambda: self._primary.find(stream_id))

    async def take(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return await self._asked(lambda: self._primary.take(stream_id, epoch, owner))

    async def mark_skip(self, stream_id: str, epoch: int, index: int) -> bool:
        return await self._asked(lambda: self._primary.mark_skip(stream_id, epoch, index))

    async def hold(self, held: Mapping[str, int]) -> frozenset[str]:
        """Nothing is known to be lost while nobody can say."""
        if not held:
            return frozenset()  # which a store may say without asking anybody, so that it proves nothing
        try:
            return await self._asked(lambda: self._primary.hold(held))
        except StoreAway:
            return frozenset()

    def note(self, stream_id: str, epoch: int, change: Change) -> None:
        if self._breaker.closed:
            self._primary.note(stream_id, epoch, change)

    async def close(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
        await self._primary.close()
        await self._local.close()

    async def _asked(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        if not self._breaker.closed:
            raise StoreAway("The store is away; it is asked again in a moment")
        return await self._watched(ask)

    async def _watched(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            answer = await ask()
        except StoreAway as away:
            self._recorder.record(DependencyFailed(Dependency.SESSION_STORE))
            if self._breaker.failed(self._clock()):
                reason = str(away) or type(away).__name__
                self._recorder.record(DependencyChanged(Dependency.SESSION_STORE, up=False, reason=reason))
                self._begin_probing()
            raise
        if self._breaker.answered():
            self._recorder.record(DependencyChanged(Dependency.SESSION_STORE, up=True))
        return answer

    def _begin_probing(self) -> None:
        if self._probing is None or self._probing.done():
            self._probing = asyncio.get_running_loop().create_task(self._probe())

    async def _probe(self) -> None:
        while not self._breaker.closed:
            if self._breaker.probes(self._clock()):
                with suppress(StoreAway):
                    await self._watched(lambda: self._primary.find(_NOBODYS_STREAM))
            else:
                await asyncio.sleep(_PROBE_SECONDS)
