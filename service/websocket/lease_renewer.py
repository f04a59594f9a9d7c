"""Keeps the streams under way alive in the store, and lets go of those that another connection has taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from service.events import FaultRaised, FaultSource
from service.session.ports import Recorder, SessionStore, StoreUnavailable
from service.websocket.hub import Hub, Member

PERIOD_SECONDS = 1.0
"""For so long at most a stream goes on where it has been lost."""


class LeaseRenewer:
    """Asks the store about all streams of this process at once."""

    def __init__(self, hub: Hub, store: SessionStore, recorder: Recorder, new_id: Callable[[], str]) -> None:
        self._hub = hub
        self._store = store
        self._recorder = recorder
        self._new_id = new_id

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Rounds for as long as the context lasts."""
        rounds = asyncio.create_task(self._rounds())
        try:
            yield
        finally:
            rounds.cancel()
            with suppress(asyncio.CancelledError):
                await rounds

    async def renew(self) -> None:
        """One round. A store that is away is asked again in the next."""
        holders = self._holders()
        with suppress(StoreUnavailable):
            for stream_id in await self._store.renew_leases(
                {stream_id: epoch for stream_id, (epoch, _) in holders.items()}
            ):
                epoch, member = holders[stream_id]
                member.lose_lease(stream_id, epoch)

    def _holders(self) -> dict[str, tuple[int, Member]]:
        """Who has each stream, and at which epoch; of two in this process, the older has lost it."""
        holders: dict[str, tuple[int, Member]] = {}
        held = [(*member.held, member) for member in self._hub if member.held is not None]
        for stream_id, epoch, member in sorted(held, key=lambda one: one[1]):
            if stream_id in holders:
                older, loser = holders[stream_id]
                loser.lose_lease(stream_id, older)
            holders[stream_id] = (epoch, member)
        return holders

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self.renew()
            except Exception as exception:  # noqa: BLE001 - the next round may do better
                self._recorder.record(FaultRaised(self._new_id(), FaultSource.SESSION_STORE, exception))
