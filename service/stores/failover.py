"""What holds while a store is away: streams go on, sessions are counted by each process, and nothing is recovered."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from service.events import Dependency
from service.protocol.messages import ContentType
from service.protocol.trace import Trace
from service.session.ports import Recorder, SessionStore, StoreUnavailable
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus
from service.stores.breaker import Breaker
from service.stores.guard import Guard

_NOBODYS_STREAM = StreamRecord(
    stream_id="probe",
    session_id="",
    session_incarnation="",
    owners=(),
    content_type=ContentType.TEXT,
    request_id=None,
    trace=Trace("", "", sampled=False),
    plan=b"",
    processing_seconds=0.0,
)
"""Written to see whether the store takes anything: one that is full still answers."""


class FailoverSessionStore:
    """Fulfils ``core.ports.SessionStore`` over a ``primary`` that may be away, with a ``local`` one that cannot be.

    While the primary is away each process counts by itself from what it last knew, and a session that begins is this
    process's own. Operations on streams raise ``StoreUnavailable`` at once. The primary is probed
    in the background until it answers.
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
        self._guard = Guard(Dependency.SESSION_STORE, lambda: primary.put(_NOBODYS_STREAM), recorder, breaker, clock)

    async def open(self, session_id: str) -> SessionSnapshot:
        try:
            return await self._guard.ask(lambda: self._primary.open(session_id))
        except StoreUnavailable:
            return msgspec.structs.replace(await self._local.open(session_id), shared=False)

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        if snapshot.shared:
            with suppress(StoreUnavailable):
                return await self._guard.ask(lambda: self._primary.admit(snapshot, stream_id, claim))
        return await self._local.admit(snapshot, stream_id, claim)

    async def put(self, record: StreamRecord) -> None:
        await self._guard.ask(lambda: self._primary.put(record))

    async def get(self, stream_id: str) -> StreamRecord | None:
        return await self._guard.ask(lambda: self._primary.get(stream_id))

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return await self._guard.ask(lambda: self._primary.acquire(stream_id, epoch, owner))

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        return await self._guard.ask(lambda: self._primary.mark_skip(stream_id, epoch, index, settled=settled))

    async def renew_leases(self, held: Mapping[str, int]) -> frozenset[str]:
        """Nothing is known to be lost while nobody can say."""
        if not held:
            await self._guard.check()
            return frozenset()
        try:
            return await self._guard.ask(lambda: self._primary.renew_leases(held))
        except StoreUnavailable:
            return frozenset()

    def update_status(self, stream_id: str, epoch: int, change: StreamStatus) -> None:
        if not self._guard.away:
            self._primary.update_status(stream_id, epoch, change)

    async def close(self) -> None:
        await self._guard.close()
        await self._primary.close()
        await self._local.close()
