"""The composition root: the only place that knows which parts there are."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from observability.metrics.slots import MetricsDirectoryError
from observability.telemetry import Telemetry, check_telemetry, shared_metrics
from service import __version__
from service.core.events import ServerStarted, Swept
from service.core.ports import ContentEngine, Recorder, SessionStore
from service.settings import Settings, SettingsError, load_settings
from service.stores.chosen import ChosenStore, session_store, shared_plans
from service.stores.plan_cache import MemoryPlanCache
from service.transport import clock
from service.transport.asyncapi import asyncapi_routes
from service.transport.caching import CachingEngine
from service.transport.custody import Custody
from service.transport.driver import Surroundings
from service.transport.endpoint import SocketDoor, StreamEndpoint
from service.transport.engine import ThreadedContentEngine
from service.transport.http import http_routes
from service.transport.hub import Hub
from service.transport.ids import RandomIds
from service.transport.loop_faults import recorded_loop_faults
from service.transport.outbox import Outbox
from service.transport.pages import page_routes
from service.transport.ports import PortGate
from service.transport.pulse import Pulse
from service.transport.relay import Relay
from service.transport.server import HUB_STATE, RECORDER_STATE
from service.transport.ticker import Ticker
from service.transport.watch import HttpWatch
from service.usage.usage import Usage

if TYPE_CHECKING:
    from observability.sentry.client import Attempt


_USAGE_SECONDS = 2.0
"""What usage may take at the end to reach its file and its database; the next process sends on what is left."""


def create_app(
    settings: Settings | None = None,
    *,
    store: SessionStore | None = None,
    engine: ContentEngine | None = None,
    telemetry: Telemetry | None = None,
) -> FastAPI:
    """The application for ``StreamSocket`` under uvicorn. What is not given is read from the environment or made."""
    settings = settings or load_settings()
    telemetry = telemetry or Telemetry(settings)
    recorder = telemetry.recorder
    hub = Hub(settings.max_connections, recorder, clock.now)
    outbox = Outbox()
    chosen = ChosenStore(store, type(store).__name__) if store is not None else session_store(settings, recorder)
    plan_store = shared_plans(settings, recorder)
    keeps_content = settings.store_content and chosen.trouble is None
    surroundings = Surroundings(
        store=chosen.store,
        engine=engine
        or CachingEngine(
            ThreadedContentEngine(settings.limits, packs=keeps_content),
            MemoryPlanCache(settings.cache_size),
            recorder,
            plan_store,
        ),
        ids=RandomIds(telemetry.samples),
        recorder=recorder,
        ticker=Ticker(clock.now, on_swept=lambda woken, lag: recorder.record(Swept(woken, lag))),
        outbox=outbox,
        clock=clock.now,
    )
    endpoint = StreamEndpoint(
        hub,
        settings.limits,
        settings.origins,
        settings.send_buffer_size,
        surroundings,
        stores_content=keeps_content,
    )
    custody = Custody(hub, chosen.store, recorder, surroundings.ids.new_id)
    relay = Relay(recorder)
    usage = _usage(settings, relay)
    telemetry.recorder.add(usage.sink)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        telemetry.start()
        recorder.record(ServerStarted(__version__, settings.shown()))
        if chosen.trouble is not None:
            recorder.record(chosen.trouble)
        relay.open()
        await asyncio.to_thread(usage.start)
        with recorded_loop_faults(recorder, surroundings.ids.new_id), Pulse(outbox, recorder, clock.now).beating():
            async with custody.kept():
                yield {HUB_STATE: hub, RECORDER_STATE: recorder}
        surroundings.engine.close()
        await chosen.store.close()
        if plan_store is not None:
            await plan_store.close()
        await asyncio.gather(asyncio.to_thread(usage.close, _USAGE_SECONDS), asyncio.to_thread(telemetry.flush))
        telemetry.close()

    app = FastAPIOffline(title="Streaming Content API", version=__version__, redoc_url=None, lifespan=lifespan)
    app.include_router(
        http_routes(
            hub,
            clock.now,
            telemetry.metrics.exposition,
            settings,
            session_store=chosen.kind,
            dependencies=telemetry.dependencies.up,
        )
    )
    app.include_router(asyncapi_routes(settings))
    app.include_router(page_routes())
    app.add_middleware(CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["GET"])
    app.add_middleware(HttpWatch, recorder=recorder, ids=surroundings.ids, clock=clock.now)
    app.add_middleware(SocketDoor, endpoint=endpoint)
    telemetry.instrument(app)
    app.add_middleware(PortGate)
    return app


def _usage(settings: Settings, recorder: Recorder) -> Usage:
    url = settings.database_url
    return Usage(
        data_dir=settings.data_dir,
        database_url=None if url is None else url.get_secret_value(),
        retention_days=settings.usage_retention_days,
        session_seconds=settings.max_session_duration,
        version=__version__,
        recorder=recorder,
    )


@contextmanager
def ready_for_workers(settings: Settings) -> Iterator[None]:
    """What the processes of ``settings.max_workers`` need while they serve. Raises ``SettingsError``."""
    check_telemetry()
    with ExitStack() as held:
        if settings.max_workers > 1:
            try:
                held.enter_context(shared_metrics(settings))
            except MetricsDirectoryError as error:
                raise SettingsError(f"METRICS_DIR: {error}") from error
        yield


def send_test_event(settings: Settings) -> "Attempt":
    """What becomes of an event on its way to the Sentry of the settings, which have a DSN."""
    from observability.sentry import client as sentry_client  # noqa: PLC0415 - as Telemetry does

    return sentry_client.send_test_event(settings)
