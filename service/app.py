"""The composition root: the only place that knows which parts there are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from observability.logs import LogSink, configure_logs
from observability.metrics import Metrics
from observability.recorder import FanOut
from service import __version__
from service.core.events import ServerStarted, Swept
from service.core.ports import ContentEngine, SessionStore
from service.settings import Settings, load_settings
from service.stores.memory import MemorySessionStore
from service.transport import clock
from service.transport.driver import Surroundings
from service.transport.endpoint import SocketDoor, StreamEndpoint
from service.transport.engine import ThreadedContentEngine
from service.transport.http import http_routes
from service.transport.hub import Hub
from service.transport.ids import RandomIds
from service.transport.server import HUB_STATE, RECORDER_STATE
from service.transport.ticker import Ticker


def create_app(
    settings: Settings | None = None, *, store: SessionStore | None = None, engine: ContentEngine | None = None
) -> FastAPI:
    """The application for ``StreamSocket`` under uvicorn. What is not given is read from the environment or made."""
    settings = settings or load_settings()
    metrics = Metrics()
    recorder = FanOut([metrics, LogSink()], on_failure=metrics.sink_failed)
    hub = Hub(settings.max_connections, recorder, clock.now)
    surroundings = Surroundings(
        store=store or MemorySessionStore(settings.limits, lambda: clock.now().seconds),
        engine=engine or ThreadedContentEngine(settings.limits),
        ids=RandomIds(),
        recorder=recorder,
        ticker=Ticker(clock.now, on_swept=lambda woken, lag: recorder.record(Swept(woken, lag))),
        clock=clock.now,
    )
    endpoint = StreamEndpoint(hub, settings.limits, settings.origins, settings.send_buffer_size, surroundings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        configure_logs(settings.log_level)
        recorder.record(ServerStarted(__version__, settings.shown()))
        yield {HUB_STATE: hub, RECORDER_STATE: recorder}
        surroundings.engine.close()

    app = FastAPIOffline(title="Streaming Content API", version=__version__, redoc_url=None, lifespan=lifespan)
    app.include_router(
        http_routes(hub, clock.now, metrics.exposition, settings.railway_environment, type(surroundings.store).__name__)
    )
    app.add_middleware(CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["GET"])
    app.add_middleware(SocketDoor, endpoint=endpoint)
    return app
