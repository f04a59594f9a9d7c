"""Renews the leases of the active streams of this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from service.events import FaultRaised, FaultSource
from service.session.ports import Recorder, SessionStore, StoreUnavailable
from service.websocket.hub import Hub, Member

PERIOD_SECONDS = 1.0
"""A connection sends for at most this time after another has acquired its stream."""


class LeaseRenewer:
    """Renews all leases in one call of the store, and closes connections whose stream another has acquired."""

    def __init__(self, hub: Hub, store: SessionStore, recorder: Recorder, new_id: Callable[[], str]) -> None:
        self._hub = hub
        self._store = store
        self._recorder = recorder
        self._new_id = new_id

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Renew the leases periodically while the context lasts."""
        task = asyncio.create_task(self._renew_periodically())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def renew(self) -> None:
        """Renew all leases once. If the store is unavailable, the next call renews them.

        The store is called without leases too, so that an idle process detects that it is unavailable.
        """
        leases = self._collect_leases()
        with suppress(StoreUnavailable):
            for stream_id in await self._store.renew_leases({id_: epoch for id_, (epoch, _) in leases.items()}):
                epoch, member = leases[stream_id]
                member.lose_lease(stream_id, epoch)

    def _collect_leases(self) -> dict[str, tuple[int, Member]]:
        """Return the epoch and the connection of each stream; of two in this process, the older has lost its lease."""
        leases: dict[str, tuple[int, Member]] = {}
        leased = [(*lease, member) for member in self._hub if (lease := member.leased_stream) is not None]
        for stream_id, epoch, member in sorted(leased, key=lambda lease: lease[1]):
            if stream_id in leases:
                older_epoch, older = leases[stream_id]
                older.lose_lease(stream_id, older_epoch)
            leases[stream_id] = (epoch, member)
        return leases

    async def _renew_periodically(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self.renew()
            except Exception as exception:  # noqa: BLE001 - the next call may succeed
                self._recorder.record(FaultRaised(self._new_id(), FaultSource.SESSION_STORE, exception))
