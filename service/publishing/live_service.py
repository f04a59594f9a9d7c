"""The live streams of a process: their store, the writer of their sources, their producers and their readers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter

from service.content.live.document import LiveDocument
from service.content.rules import ContentRules
from service.events import FaultRaised, FaultSource
from service.live.ports import LiveNotice, SourceStored
from service.protocol.limits import InputLimits, Limits
from service.protocol.messages import ContentType
from service.publishing.bus_factory import create_live_bus
from service.publishing.cancellation import Cancellation
from service.publishing.conversion_thread import ConversionThread
from service.publishing.event_reception import EventReception
from service.publishing.feed_parts import FeedParts
from service.publishing.feeds import LiveFeeds
from service.publishing.producer_side import LiveParts, ProducerSide
from service.publishing.producer_watch import ProducerWatch
from service.publishing.sse import event_routes
from service.publishing.writer import LiveWriter
from service.settings import Settings
from service.stores.factory import create_live_store
from service.websocket.effect_handler import Services
from service.websocket.handshake_gate import HandshakeGate
from service.websocket.hub import Hub


class LiveService:
    """What ``service.app`` needs of them. Everything that happens to a stream passes through it as a notice."""

    def __init__(
        self, settings: Settings, hub: Hub, gate: HandshakeGate, services: Services, input_limits: InputLimits
    ) -> None:
        """Blocks while the store opens. ``input_limits`` are those of readers."""
        self._recorder = services.recorder
        self._new_id = services.ids.new_id
        self._selection = create_live_store(settings, services.recorder)
        store = self._selection.store
        self._bus = create_live_bus(
            settings,
            self._record_fault,
            shares_store=settings.store_content and self._selection.degradation is None,
        )
        self._writer = LiveWriter(store, self._stored, services.recorder)
        self._watch = ProducerWatch(store, self._notify, services.recorder, services.clock, services.ids.new_id)
        self._thread = ConversionThread()
        rules = settings.content_rules  # one object, by which tables of the content engine are found
        self.feeds = LiveFeeds(
            FeedParts(
                store=store,
                create_document=partial(_create_document, rules, settings.limits),
                max_chunk_characters=settings.limits.max_chunk_characters,
                thread=self._thread,
                meter=services.live_meter,
                recorder=services.recorder,
                ids=services.ids,
            ),
            Cancellation(store, self._notify, services.recorder, services.clock),
            follow=self._bus.follow,
            unfollow=self._bus.unfollow,
            on_created=lambda record: hub.offer_live(record.session_key, record.stream_id),
        )
        parts = LiveParts(
            store=store,
            writer=self._writer,
            notify=self._notify,
            readers=self.feeds.readers,
            follow=self._bus.follow,
            unfollow=self._bus.unfollow,
        )
        self.producer_side = ProducerSide(settings, hub, gate, services, parts, input_limits)
        self.routes = APIRouter()
        """Of producers and of readers."""
        self.routes.include_router(self.producer_side.routes)
        events = EventReception(hub, store, self.feeds, services, settings)
        self.routes.include_router(event_routes(events, settings.proxies))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the context lasts, then store what waits and close the store."""
        if self._selection.degradation is not None:
            self._recorder.record(self._selection.degradation)
        async with self._watch.running(), self._bus.running(self._receive), self.producer_side.samples.running():
            with self.producer_side.monitor.running():
                yield
            await self._writer.close()
            self.feeds.close()
        self._thread.close()
        await self._selection.store.close()

    def _stored(self, notices: Sequence[SourceStored]) -> None:
        """The writer of this process has stored this."""
        self._watch.stored(notices)
        for notice in notices:
            self._receive(notice)
        self._bus.publish(notices)

    def _notify(self, notice: LiveNotice) -> None:
        """This happened in this process."""
        self._receive(notice)
        self._bus.publish([notice])

    def _receive(self, notice: LiveNotice) -> None:
        """This happened in any process."""
        self._watch.noticed(notice)
        self.producer_side.producers.notice(notice)
        self.feeds.notice(notice)

    def _record_fault(self, error: Exception) -> None:
        self._recorder.record(FaultRaised(self._new_id(), FaultSource.LIVE, error))


def _create_document(rules: ContentRules, limits: Limits, content_type: ContentType) -> LiveDocument:
    from service.content.live.live_documents import create_document  # noqa: PLC0415 - is loaded after the start

    return create_document(content_type, rules, limits)
