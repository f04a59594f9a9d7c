"""Keys, revocations and quotas in an SQLite file that the processes of a machine share, or in memory of one process."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from service.access.api_key import ApiKey
from service.access.quota import Charge, QuotaExceeded
from service.access.revocation import Revocation
from service.events import Operation
from service.process.dependency_calls import MeasureCall, unmeasured
from service.process.sqlite_file import sync_journal
from service.session.ports import StoreUnavailable
from service.stores.failures import Refused
from service.stores.sqlite.access_rows import AccessRows
from service.stores.sqlite.access_schema import ACCESS_SCHEMA
from service.stores.sqlite.schema import open_connection
from service.stores.sqlite.store import SWEEP_SECONDS
from service.stores.sqlite.transactions import DEADLINE_SECONDS, Outcome, TransactionThread, Work


class SqliteAccessStore:
    """Implements ``access.ports.AccessStore`` over a file, or in memory if there is no path.

    ``clock`` returns microseconds since the epoch, which the processes of a machine share. The constructor blocks
    while the file is opened, and raises ``SchemaMismatch``. Keys and revocations are on the disk when a call returns;
    a loss of power may lose the latest use of quotas.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        *,
        sweep_seconds: float = SWEEP_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
        measure: MeasureCall = unmeasured,
    ) -> None:
        self._path = path
        self._measure = measure
        self._rows = AccessRows(clock)
        deadline = None if path is None else deadline_seconds  # nothing could stand in for memory
        connection = open_connection(path, ACCESS_SCHEMA)
        self._thread = TransactionThread(connection, self._rows.sweep, sweep_seconds, deadline, _ignore)

    async def add_key(self, key: ApiKey) -> None:
        await self._call_durably(Operation.ADMINISTER, partial(self._rows.add_key, key=key))

    async def find_key(self, digest: bytes) -> ApiKey | None:
        return await self._call(Operation.FIND_KEY, partial(self._rows.find_key, digest=digest))

    async def keys(self) -> Sequence[ApiKey]:
        return await self._call(Operation.ADMINISTER, self._rows.keys)

    async def revoke_key(self, key_id: str, now: float) -> bool:
        return await self._call_durably(Operation.ADMINISTER, partial(self._rows.revoke_key, key_id=key_id, now=now))

    async def revoke(self, revocation: Revocation, kept_seconds: float) -> int:
        return await self._call_durably(
            Operation.ADMINISTER, partial(self._rows.revoke, revocation=revocation, kept_seconds=kept_seconds)
        )

    async def revocations(self, after: int) -> Sequence[Revocation]:
        return await self._call(Operation.REVOCATIONS, partial(self._rows.revocations, after=after))

    async def charge(self, charges: Sequence[Charge]) -> QuotaExceeded | None:
        return await self._call(Operation.CHARGE, partial(self._rows.charge, charges=charges))

    async def debit(self, charges: Sequence[Charge]) -> None:
        await self._call(Operation.DEBIT, partial(self._rows.debit, charges=charges))

    async def close(self) -> None:
        await self._thread.close()

    async def _call(self, operation: Operation, work: Work[Outcome]) -> Outcome:
        with self._measure(operation):
            return await self._thread.call(work)

    async def _call_durably(self, operation: Operation, work: Work[Outcome]) -> Outcome:
        with self._measure(operation):
            outcome = await self._thread.call(work)
            if self._path is not None:
                try:
                    await asyncio.to_thread(sync_journal, self._path)
                except OSError as error:
                    raise Refused(f"The disk failed: {error.strerror}") from error
            return outcome


def _ignore(_failure: StoreUnavailable) -> None:
    """Expired rows that cannot be deleted have no effect; the next call reports what is wrong."""
