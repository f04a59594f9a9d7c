"""Degraded mode of the session store: each process counts requests in memory, and no stream can be recovered."""

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
from service.stores.dependency_monitor import DependencyMonitor

_PROBE = StreamRecord(
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
"""The record that a probe stores: a store that is full still answers to reads."""


class FailoverSessionStore:
    """Fulfils ``session.ports.SessionStore`` over a ``primary`` that may be unavailable and a ``local`` one in memory.

    While the primary is unavailable, each process counts on from the latest count of its connections, and a new session
    exists in this process only. Operations on streams raise ``StoreUnavailable`` at once. The primary is probed in the
    background until it answers. A slow primary is waited for: which calls fail is decided by the primary's deadline.
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
        self._monitor = DependencyMonitor(
            Dependency.SESSION_STORE,
            lambda: primary.put(_PROBE),
            recorder,
            breaker,
            clock,
            silence_is_conclusive=True,
        )

    async def open(self, session_id: str) -> SessionSnapshot:
        try:
            return await self._monitor.call(lambda: self._primary.open(session_id))
        except StoreUnavailable:
            return msgspec.structs.replace(await self._local.open(session_id), shared=False)

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        if snapshot.shared:
            with suppress(StoreUnavailable):
                return await self._monitor.call(lambda: self._primary.admit(snapshot, stream_id, claim))
        return await self._local.admit(snapshot, stream_id, claim)

    async def put(self, record: StreamRecord) -> None:
        await self._monitor.call(lambda: self._primary.put(record))

    async def get(self, stream_id: str) -> StreamRecord | None:
        return await self._monitor.call(lambda: self._primary.get(stream_id))

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return await self._monitor.call(lambda: self._primary.acquire(stream_id, epoch, owner))

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        return await self._monitor.call(lambda: self._primary.mark_skip(stream_id, epoch, index, settled=settled))

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        """While the primary is unavailable, no stream is reported as acquired elsewhere."""
        if not epochs:
            await self._monitor.check()
            return frozenset()
        try:
            return await self._monitor.call(lambda: self._primary.renew_leases(epochs))
        except StoreUnavailable:
            return frozenset()

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        if self._monitor.available:
            self._primary.update_status(stream_id, epoch, status)

    async def close(self) -> None:
        await self._monitor.close()
        await self._primary.close()
        await self._local.close()
