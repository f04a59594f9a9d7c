"""Reads the revocations that any process has recorded, and closes the connections of their tokens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from service.access.ports import AccessStore
from service.events import FaultRaised, FaultSource, RevocationsRead
from service.protocol.instant import Instant
from service.session.ports import Ids, Recorder, StoreUnavailable
from service.websocket.access_control import AccessControl
from service.websocket.hub import Hub

PERIOD_SECONDS = 0.5
"""With the time of a call, a revocation reaches every process within a second."""


class RevocationWatch:
    """Asks the store for new revocations. While it is unavailable, those that were read hold."""

    def __init__(  # noqa: PLR0913 - what it reads, what it changes, and its services
        self,
        hub: Hub,
        store: AccessStore,
        access: AccessControl,
        recorder: Recorder,
        ids: Ids,
        *,
        clock: Callable[[], Instant],
    ) -> None:
        self._hub = hub
        self._store = store
        self._access = access
        self._recorder = recorder
        self._ids = ids
        self._clock = clock

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read all revocations, then new ones periodically while the context lasts."""
        await self._attempt()
        task = asyncio.create_task(self._read_periodically())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def read(self) -> None:
        """Read the revocations since the last call. If the store is unavailable, the next call reads them."""
        access = self._access
        with suppress(StoreUnavailable):
            revocations = await self._store.revocations(access.revoked.sequence)
            if revocations:
                access.revoked.add(revocations, self._clock().wall)
                self._close_revoked()
            if revocations or not access.revocations_read:
                self._recorder.record(RevocationsRead(len(access.revoked)))
            access.revocations_read = True

    def _close_revoked(self) -> None:
        for member in self._hub:
            if member.principal is not None and member.principal in self._access.revoked:
                member.revoke()

    async def _attempt(self) -> None:
        try:
            await self.read()
        except Exception as exception:  # noqa: BLE001 - the next call may succeed
            self._recorder.record(FaultRaised(self._ids.new_id(), FaultSource.ACCESS, exception))

    async def _read_periodically(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            await self._attempt()
