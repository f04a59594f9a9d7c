"""The composition root: the only place that knows which parts there are."""

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
from service.core.ports import ContentEngine, SessionStore
from service.settings import Settings, SettingsError, load_settings
from service.stores.memory import MemorySessionStore
from service.transport import clock
from service.transport.driver import Surroundings
from service.transport.endpoint import SocketDoor, StreamEndpoint
from service.transport.engine import ThreadedContentEngine
from service.transport.http import http_routes
from service.transport.hub import Hub
from service.transport.ids import RandomIds
from service.transport.loop_faults import recorded_loop_faults
from service.transport.outbox import Outbox
from service.transport.ports import PortGate
from service.transport.pulse import Pulse
from service.transport.server import HUB_STATE, RECORDER_STATE
from service.transport.ticker import Ticker
from service.transport.watch import HttpWatch

if TYPE_CHECKING:
    from observability.sentry.client import Attempt


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
    surroundings = Surroundings(
        store=store or MemorySessionStore(settings.limits, lambda: clock.now().seconds),
        engine=engine or ThreadedContentEngine(settings.limits),
        ids=RandomIds(telemetry.samples),
        recorder=recorder,
        ticker=Ticker(clock.now, on_swept=lambda woken, lag: recorder.record(Swept(woken, lag))),
        outbox=outbox,
        clock=clock.now,
    )
    endpoint = StreamEndpoint(hub, settings.limits, settings.origins, settings.send_buffer_size, surroundings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        telemetry.start()
        recorder.record(ServerStarted(__version__, settings.shown()))
        with recorded_loop_faults(recorder, surroundings.ids), Pulse(outbox, recorder, clock.now).beating():
            yield {HUB_STATE: hub, RECORDER_STATE: recorder}
        surroundings.engine.close()
        telemetry.close()

    app = FastAPIOffline(title="Streaming Content API", version=__version__, redoc_url=None, lifespan=lifespan)
    app.include_router(
        http_routes(
            hub,
            clock.now,
            telemetry.metrics.exposition,
            settings,
            type(surroundings.store).__name__,
        )
    )
    app.add_middleware(CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["GET"])
    app.add_middleware(HttpWatch, recorder=recorder, ids=surroundings.ids, clock=clock.now)
    app.add_middleware(SocketDoor, endpoint=endpoint)
    telemetry.instrument(app)
    app.add_middleware(PortGate)
    return app


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
