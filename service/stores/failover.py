"""Degraded mode of the session store: each process counts requests in memory, and no stream can be recovered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar

from msgspec.structs import replace

from service.access.session_key import session_id_of
from service.events import Dependency, StoreLimitReached, StoreMeasured
from service.protocol.messages import ContentType
from service.protocol.trace import Trace
from service.session.ports import Recorder, SessionStore, StoreUnavailable
from service.session.records import (
    Admission,
    Claim,
    Digest,
    SessionReserved,
    SessionSnapshot,
    StreamRecord,
    StreamStatus,
)
from service.stores.breaker import Breaker
from service.stores.dependency_monitor import DependencyMonitor
from service.stores.failures import Rejected, StoreFull
from service.stores.local_counts import LocalCounts
from service.stores.store_limits import StoreSize

_ATTEMPTS = 3
_MEASURE_SECONDS = 5.0
_OPENS = 20
"""Sessions that are opened at once; further handshakes wait, and delay no connection that is open."""
_PROBE = StreamRecord(
    stream_id="probe",
    session_key="",
    session_incarnation="",
    owners=(),
    content_type=ContentType.TEXT,
    request_id=None,
    trace=Trace("", "", sampled=False),
    plan=b"",
    processing_seconds=0.0,
)
_PROBE_SESSION = SessionSnapshot("", "", requests_used=0, seconds_left=60)
"""What probes store, under ids that no client can have: a store that is full still answers to reads."""

Answer = TypeVar("Answer")


class SharedStore(SessionStore, Protocol):
    """A store that several processes share."""

    on_failure: Callable[[StoreUnavailable], None] | None
    """Called on the event loop when work failed for which no caller waits."""

    async def measure(self) -> StoreSize:
        """Return what the store holds."""


class FailoverSessionStore:
    """Fulfils ``session.ports.SessionStore`` over a ``primary`` that may be unavailable and a ``local`` one in memory.

    While the primary is unavailable, each process counts on from the latest count of its connections, and a new
    session exists in this process only, until ``join``. Operations on streams raise ``StoreUnavailable`` at once. The
    primary is probed in the background until it answers. A slow primary is waited for: which calls fail is decided by
    its deadline.

    Three states are recorded: whether sessions are counted in the primary, which includes whether it answers at all;
    whether streams can be written; and whether they can be read.
    """

    def __init__(
        self,
        primary: SharedStore,
        local: SessionStore,
        recorder: Recorder,
        new_breaker: Callable[[], Breaker] = Breaker,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._local = local
        self._recorder = recorder
        self._clock = clock
        self._measure_at = 0.0
        self._local_counts = LocalCounts(clock)
        self._opens = asyncio.Semaphore(_OPENS)
        self._sessions = DependencyMonitor(
            Dependency.SESSION_STORE,
            lambda: primary.join(_PROBE_SESSION),
            recorder,
            new_breaker(),
            clock,
            attempts=_ATTEMPTS,
            silence_is_conclusive=True,
        )
        self._writes = DependencyMonitor(
            Dependency.STREAM_WRITES, lambda: primary.put(_PROBE), recorder, new_breaker(), clock, counts=Rejected
        )
        self._reads = DependencyMonitor(
            Dependency.STREAM_READS,
            lambda: primary.get(_PROBE.stream_id),
            recorder,
            new_breaker(),
            clock,
            counts=Rejected,
        )
        primary.on_failure = self._writes.fail

    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        async with self._opens:
            with suppress(StoreUnavailable), self._limited(session_key):
                opened = await self._sessions.call(lambda: self._primary.open(session_key, secret))
                if isinstance(opened, SessionReserved) or opened not in self._local_counts:
                    return opened
                return replace(await self._join(opened), created=opened.created)
        local = await self._local.open(session_key, secret)
        return local if isinstance(local, SessionReserved) else replace(local, shared=False)

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        async with self._opens:
            return await self._join(snapshot)

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        if snapshot.shared:
            with suppress(StoreUnavailable):
                return await self._sessions.call(lambda: self._primary.admit(snapshot, stream_id, claim))
        admission = await self._local.admit(snapshot, stream_id, claim)
        if not snapshot.shared and admission.admitted and admission.repeats is None:
            self._local_counts.add(snapshot, 1)
        return admission

    async def charge_repetition(self, snapshot: SessionSnapshot, stream_id: str) -> Admission:
        if snapshot.shared:
            with suppress(StoreUnavailable):
                return await self._sessions.call(lambda: self._primary.charge_repetition(snapshot, stream_id))
        return await self._local.charge_repetition(snapshot, stream_id)

    async def put(self, record: StreamRecord) -> None:
        with self._limited(record.session_key):
            await self._call_on_streams(self._writes, lambda: self._primary.put(record))

    async def get(self, stream_id: str) -> StreamRecord | None:
        return await self._call_on_streams(self._reads, lambda: self._primary.get(stream_id))

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return await self._call_on_streams(self._writes, lambda: self._primary.acquire(stream_id, epoch, owner))

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        return await self._call_on_streams(
            self._writes, lambda: self._primary.mark_skip(stream_id, epoch, index, settled=settled)
        )

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        """While the primary is unavailable, no stream is reported as acquired elsewhere."""
        for monitor in (self._sessions, self._writes, self._reads):
            if self._sessions.available:
                await monitor.check()
        await self._measure()
        if epochs:
            with suppress(StoreUnavailable):
                return await self._call_on_streams(self._writes, lambda: self._primary.renew_leases(epochs))
        return frozenset()

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        if self._sessions.available:
            self._primary.update_status(stream_id, epoch, status)

    async def close(self) -> None:
        for monitor in (self._sessions, self._writes, self._reads):
            await monitor.close()
        await self._primary.close()
        await self._local.close()

    @contextmanager
    def _limited(self, session_key: str) -> Iterator[None]:
        """Record that a limit of the store was reached."""
        try:
            yield
        except StoreFull as full:
            self._recorder.record(StoreLimitReached(full.limit, session_id_of(session_key)))
            raise

    async def _measure(self) -> None:
        if self._sessions.available and self._clock() >= self._measure_at:
            self._measure_at = self._clock() + _MEASURE_SECONDS
            with suppress(StoreUnavailable):
                size = await self._call_on_streams(self._reads, self._primary.measure)
                self._recorder.record(StoreMeasured(size.bytes, size.sessions))

    async def _join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        """Add what was counted in this process to the session in the primary."""
        with self._local_counts.taken(snapshot) as count:
            counted = replace(snapshot, requests_used=count, shared=True)
            joined = await self._sessions.call(lambda: self._primary.join(counted))
        return joined if joined.shared else replace(snapshot, shared=False)

    async def _call_on_streams(self, monitor: DependencyMonitor, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """An error in the answer is a failure for ``monitor``, and an answer as to whether the primary is available."""

        async def answered() -> Answer | Rejected:
            try:
                return await question()
            except Rejected as rejected:
                return rejected

        async def ask() -> Answer:
            answer = await self._sessions.call(answered)
            if isinstance(answer, Rejected):
                raise answer
            return answer

        return await monitor.call(ask)
