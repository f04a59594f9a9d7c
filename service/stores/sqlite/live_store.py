"""Live streams in an SQLite file that the processes of a machine share, or in the memory of one process."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from service.events import Operation
from service.live.ports import AppendResult, Expiry
from service.live.records import Append, LiveRecord
from service.process.dependency_calls import MeasureCall, unmeasured
from service.session.ports import StoreUnavailable
from service.stores.sqlite.live_rows import LiveRows
from service.stores.sqlite.live_schema import LIVE_SCHEMA
from service.stores.sqlite.schema import open_connection
from service.stores.sqlite.store import SWEEP_SECONDS
from service.stores.sqlite.transactions import DEADLINE_SECONDS, Outcome, TransactionThread, Work
from service.stores.store_limits import LiveLimits


class SqliteLiveStore:
    """Implements ``live.ports.LiveStore`` over a file, or in memory if there is no path.

    ``clock`` returns wall-clock seconds, which the processes of a machine share. The constructor blocks while the file
    is opened, and raises ``SchemaMismatch``. What is stored survives the death of the process; a loss of power may lose
    the latest seconds.
    """

    def __init__(  # noqa: PLR0913 - all but the first three have defaults
        self,
        path: Path | None,
        limits: LiveLimits,
        resume_ttl_seconds: float,
        clock: Callable[[], float] = time.time,
        *,
        sweep_seconds: float = SWEEP_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
        measure: MeasureCall = unmeasured,
    ) -> None:
        self._measure = measure
        self._rows = LiveRows(limits, resume_ttl_seconds, clock)
        deadline = None if path is None else deadline_seconds  # nothing could stand in for memory
        connection = open_connection(path, LIVE_SCHEMA)
        self._thread = TransactionThread(connection, self._rows.sweep, sweep_seconds, deadline, _ignore)

    async def create(self, record: LiveRecord) -> LiveRecord:
        return await self._call(Operation.CREATE, partial(self._rows.create, record=record))

    async def append(self, appends: Sequence[Append]) -> Sequence[AppendResult]:
        size = sum(len(append.data) for append in appends)
        return await self._call(Operation.APPEND, partial(self._rows.append, appends=appends), size)

    async def adopt(self, stream_id: str) -> LiveRecord | None:
        return await self._call(Operation.ADOPT, partial(self._rows.adopt, stream_id=stream_id))

    async def cancel(self, stream_id: str) -> LiveRecord | None:
        return await self._call(Operation.CANCEL, partial(self._rows.cancel, stream_id=stream_id))

    async def get(self, stream_id: str) -> LiveRecord | None:
        return await self._call(Operation.GET, partial(self._rows.get, stream_id=stream_id))

    async def read(self, stream_id: str, start: int) -> bytes:
        return await self._call(Operation.READ, partial(self._rows.read, stream_id=stream_id, start=start))

    async def open_streams(self, session_key: str) -> Sequence[LiveRecord]:
        return await self._call(Operation.OPEN_STREAMS, partial(self._rows.open_streams, session_key=session_key))

    async def expire(self) -> Expiry:
        return await self._call(Operation.EXPIRE, self._rows.expire)

    async def close(self) -> None:
        await self._thread.close()

    async def _call(self, operation: Operation, work: Work[Outcome], content_bytes: int = 0) -> Outcome:
        with self._measure(operation):
            return await self._thread.call(work, content_bytes)


def _ignore(_failure: StoreUnavailable) -> None:
    """Expired streams that cannot be deleted are hidden; the next call reports what is wrong."""
