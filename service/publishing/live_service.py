"""The live streams of a process: their store, the writer of their sources, their producers and their readers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from service.live.ports import LiveNotice, SourceStored
from service.protocol.limits import InputLimits
from service.publishing.producer_side import LiveParts, ProducerSide
from service.publishing.producer_watch import ProducerWatch
from service.publishing.writer import LiveWriter
from service.settings import Settings
from service.stores.factory import create_live_store
from service.websocket.effect_handler import Services
from service.websocket.hub import Hub


class LiveService:
    """What ``service.app`` needs of them. Everything that happens to a stream passes through it as a notice."""

    def __init__(self, settings: Settings, hub: Hub, services: Services, input_limits: InputLimits) -> None:
        """Blocks while the store opens. ``input_limits`` are those of readers."""
        self._recorder = services.recorder
        self._selection = create_live_store(settings, services.recorder)
        self._writer = LiveWriter(self._selection.store, self._stored, services.recorder)
        self._watch = ProducerWatch(
            self._selection.store, self._notify, services.recorder, services.clock, services.ids.new_id
        )
        parts = LiveParts(
            store=self._selection.store,
            writer=self._writer,
            notify=self._notify,
            readers=lambda _stream_id: 0,
            follow=lambda _stream_id: None,
            unfollow=lambda _stream_id: None,
        )
        self.producer_side = ProducerSide(settings, hub, services, parts, input_limits)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the context lasts, then store what waits and close the store."""
        if self._selection.degradation is not None:
            self._recorder.record(self._selection.degradation)
        async with self._watch.running():
            with self.producer_side.monitor.running():
                yield
            await self._writer.close()
        await self._selection.store.close()

    def _stored(self, notices: Sequence[SourceStored]) -> None:
        self._watch.stored(notices)
        for notice in notices:
            self._notify(notice)

    def _notify(self, notice: LiveNotice) -> None:
        self.producer_side.producers.notice(notice)
