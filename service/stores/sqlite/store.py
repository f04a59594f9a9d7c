"""Sessions in an SQLite file that the processes of a machine share, or in the memory of one process."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from service.events import Operation
from service.process.dependency_calls import MeasureCall, unmeasured
from service.protocol.limits import Limits
from service.session.ports import StoreUnavailable
from service.session.records import (
    Admission,
    Claim,
    Digest,
    SessionReserved,
    SessionSnapshot,
    StreamRecord,
    StreamStatus,
)
from service.stores.sqlite.rows import Rows
from service.stores.sqlite.schema import open_connection
from service.stores.sqlite.session_schema import SESSION_SCHEMA
from service.stores.sqlite.transactions import DEADLINE_SECONDS, Outcome, TransactionThread, Work
from service.stores.store_limits import StoreLimits, StoreSize

SWEEP_SECONDS = 2.0
"""The interval at which expired content is deleted from the file."""


class SqliteSessionStore:
    """Implements ``session.ports.SessionStore`` over a file, or in memory if there is no path.

    ``clock`` returns wall-clock seconds, which the processes of a machine share. The constructor blocks while the file
    is opened, and raises ``SchemaMismatch``. A call fails after ``deadline_seconds`` without the lock of the file or
    without progress; the time in which the call is queued is not counted. ``measure`` measures the calls for which a
    caller waits. In memory, the oldest sessions make room for new ones.
    """

    def __init__(  # noqa: PLR0913 - the last ones have defaults
        self,
        path: Path | None,
        limits: Limits,
        resume_ttl_seconds: float,
        clock: Callable[[], float] = time.time,
        *,
        store_limits: StoreLimits = StoreLimits(),  # noqa: B008 - immutable
        sweep_seconds: float = SWEEP_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
        measure: MeasureCall = unmeasured,
    ) -> None:
        self._measure = measure
        self._rows = Rows(limits, store_limits, resume_ttl_seconds, clock, forgets=path is None)
        self.on_failure: Callable[[StoreUnavailable], None] | None = None
        deadline = None if path is None else deadline_seconds  # nothing could stand in for memory
        self._thread = TransactionThread(
            open_connection(path, SESSION_SCHEMA), self._rows.sweep, sweep_seconds, deadline, self._failed
        )

    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        return await self._call(Operation.OPEN, partial(self._rows.open, session_key=session_key, secret=secret))

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        return await self._call(Operation.JOIN, partial(self._rows.join, snapshot=snapshot))

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        return await self._call(
            Operation.ADMIT, partial(self._rows.admit, snapshot=snapshot, stream_id=stream_id, claim=claim)
        )

    async def charge_repetition(self, snapshot: SessionSnapshot, stream_id: str) -> Admission:
        return await self._call(
            Operation.CHARGE_REPETITION, partial(self._rows.charge_repetition, snapshot=snapshot, stream_id=stream_id)
        )

    async def measure(self) -> StoreSize:
        return await self._call(Operation.MEASURE, self._rows.measure)

    async def put(self, record: StreamRecord) -> None:
        await self._call(Operation.PUT, partial(self._rows.put, record=record), len(record.plan))

    async def get(self, stream_id: str) -> StreamRecord | None:
        return await self._call(Operation.GET, partial(self._rows.get, stream_id=stream_id))

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return await self._call(
            Operation.ACQUIRE, partial(self._rows.acquire, stream_id=stream_id, epoch=epoch, owner=owner)
        )

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        mark = partial(self._rows.mark_skip, stream_id=stream_id, epoch=epoch, index=index, settled=settled)
        return await self._call(Operation.MARK_SKIP, mark)

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        return await self._call(Operation.RENEW_LEASES, partial(self._rows.renew_leases, epochs=epochs))

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        self._thread.post(partial(self._rows.update_status, stream_id=stream_id, epoch=epoch, status=status))

    async def close(self) -> None:
        await self._thread.close()

    async def _call(self, operation: Operation, work: Work[Outcome], content_bytes: int = 0) -> Outcome:
        with self._measure(operation):
            return await self._thread.call(work, content_bytes)

    def _failed(self, unavailable: StoreUnavailable) -> None:
        if self.on_failure is not None:
            self.on_failure(unavailable)
