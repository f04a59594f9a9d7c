"""The composition root: creates the parts of the service and connects them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from msgspec.structs import replace

from observability.metrics.memory import container_limit
from observability.metrics.worker_group import MetricsDirectoryError, WorkerContext, WorkerGroup
from observability.telemetry import Telemetry, check_telemetry_settings, share_metrics
from service import __version__
from service.access.revocation import Revocation, RevokedTokens
from service.events import ServerStarted
from service.http.admin_guard import AdminGuard
from service.http.api_docs import api_docs
from service.http.health import health_routes
from service.http.metrics_route import metrics_route
from service.http.middleware import HttpMetricsMiddleware, MetricsPortMiddleware
from service.http.revocations_route import revocations_route
from service.http.static_routes import static_routes
from service.identity.factory import check_token_keys, create_authenticator
from service.identity.revoking import revoke
from service.preparation.cached_engine import CachedContentEngine
from service.preparation.engine import ThreadedContentEngine, load_in_background
from service.preparation.work_limits import WorkLimits
from service.process import clock
from service.process.ids import RandomIds
from service.process.loop_faults import record_loop_faults
from service.process.loop_monitor import LoopMonitor
from service.process.server import HUB_STATE, RECORDER_STATE
from service.process.stall_watch import StallWatch
from service.process.threadsafe_recorder import ThreadsafeRecorder
from service.publishing.live_service import LiveService
from service.session.options import SessionOptions
from service.session.ports import ContentEngine, Ids, Recorder, SessionStore
from service.settings import Settings, SettingsError, load_settings, unknown_variables
from service.stores.factory import (
    AccessStoreSelection,
    StoreSelection,
    check_access_store,
    create_access_store,
    create_plan_store,
    create_session_store,
)
from service.stores.plan_cache import MemoryPlanCache
from service.usage.usage import Usage
from service.websocket.access_control import AccessControl
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.drain_schedule import handshake_retry_seconds
from service.websocket.effect_handler import Services
from service.websocket.endpoint import StreamEndpoint
from service.websocket.handshake_gate import HandshakeGate
from service.websocket.hub import Hub
from service.websocket.lease_renewer import LeaseRenewer
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.pending_connection import PendingConnections
from service.websocket.quotas import Quotas
from service.websocket.reception import Reception
from service.websocket.revocation_watch import RevocationWatch
from service.websocket.socket_router import WebSocketRouter, WebSocketRoutes
from service.websocket.ticker import Ticker

if TYPE_CHECKING:
    from observability.sentry.sentry_client import DeliveryResult
    from service.identity.jwt_authenticator import JwtAuthenticator
    from service.identity.key_authenticator import KeyAuthenticator


_TITLE = "Streaming Content API"

_CORS_HEADERS = ("Authorization", "Idempotency-Key", "Last-Event-ID", "X-Session-Secret", "traceparent", "tracestate")
"""That a page may send. A browser adds no credentials of its own, as there are no cookies."""

_USAGE_SECONDS = 2.0
"""The limit for storing and forwarding usage at the end; the next process forwards what is left."""


def create_app(
    settings: Settings | None = None,
    *,
    worker: WorkerContext | None = None,
    store: SessionStore | None = None,
    engine: ContentEngine | None = None,
    telemetry: Telemetry | None = None,
) -> FastAPI:
    """Create the application for ``WebSocketHandshake`` under uvicorn. Without settings, read the environment.

    ``worker`` is this process if it is one of several workers.
    """
    settings = settings or load_settings()
    telemetry = telemetry or Telemetry(settings, worker)
    recorder = telemetry.recorder

    selection = (
        create_session_store(settings, recorder) if store is None else StoreSelection(store, type(store).__name__)
    )
    plan_store = create_plan_store(settings, recorder)
    stores_content = settings.store_content and selection.degradation is None

    threadsafe_recorder = ThreadsafeRecorder(recorder)
    usage = _create_usage(settings, threadsafe_recorder)
    recorder.add(usage.sink)

    hub = Hub(settings.max_connections, recorder, clock.now, settings.max_connections_per_address)
    ids = RandomIds(telemetry.samples)
    users = _KnownUsers(settings, hub, recorder, ids)
    writer = MessageWriter()
    ticker = Ticker(clock.now)
    services = Services(
        store=selection.store,
        engine=engine
        or CachedContentEngine(
            ThreadedContentEngine(
                settings.limits,
                recorder,
                settings.content_rules,
                packs=stores_content,
                work_limits=WorkLimits(
                    settings.content_queue_size,
                    settings.content_wait_timeout,
                    settings.content_cpu_limit,
                    settings.content_memory_limit,
                ),
            ),
            MemoryPlanCache(settings.cache_size),
            recorder,
            plan_store,
        ),
        ids=ids,
        recorder=recorder,
        ticker=ticker,
        pacer=Pacer(ticker, writer),
        writer=writer,
        clock=clock.now,
        access=users.access,
        quotas=users.quotas,
    )
    input_limits = settings.input_limits(settings.memory_limit or container_limit())
    monitor = ConnectionMonitor(input_limits, lambda: clock.now().seconds)
    gate = HandshakeGate(
        hub,
        allowed_origins=settings.origins,
        send_buffer_bytes=settings.send_buffer_size,
        draining_retry_seconds=handshake_retry_seconds(settings.drain_seconds, settings.restart_seconds),
        proxies=settings.proxies,
    )
    live = LiveService(settings, hub, gate, services, input_limits)
    services = replace(services, live=live.feeds)
    reception = Reception(
        hub,
        settings.limits,
        services,
        stores_content=stores_content,
        options=SessionOptions(settings.logs_content, settings.client_reports, settings.resume_ttl),
    )
    endpoint = StreamEndpoint(
        gate,
        monitor,
        reception,
        None if users.access is None else PendingConnections(hub, reception, ticker, settings.auth_timeout),
    )
    loop_monitor = LoopMonitor(writer, services.live_meter, recorder, clock.now, telemetry.metrics.beat)
    stall_watch = StallWatch(recorder)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        telemetry.start()
        recorder.record(
            ServerStarted(
                __version__, settings.shown(), unknown_variables(), first=worker is None or worker.number == 0
            )
        )
        if selection.degradation is not None:
            recorder.record(selection.degradation)
        threadsafe_recorder.open()
        await asyncio.to_thread(usage.start)
        load_in_background()
        with (
            record_loop_faults(recorder, services.ids.new_id),
            loop_monitor.running(),
            stall_watch.running(),
            monitor.running(),
        ):
            async with (
                LeaseRenewer(hub, selection.store, recorder, services.ids.new_id).run(),
                users.running(),
                live.running(),
                plan_store.running() if plan_store is not None else nullcontext(),
            ):
                yield {HUB_STATE: hub, RECORDER_STATE: recorder}
        services.engine.close()
        await selection.store.close()
        await asyncio.gather(asyncio.to_thread(usage.close, _USAGE_SECONDS), asyncio.to_thread(telemetry.flush))
        telemetry.close()

    app = FastAPI(
        title=_TITLE,
        version=__version__,
        openapi_url=None,  # api_docs has its route
        docs_url=None,  # it would load its files from a third party
        redoc_url=None,
        redirect_slashes=False,  # the redirect would lead to whatever the Host header names
        lifespan=lifespan,
    )
    app.include_router(
        health_routes(
            hub,
            clock.now,
            settings,
            session_store=selection.kind,
            dependencies=telemetry.dependencies.up,
        )
    )
    app.include_router(metrics_route(telemetry.metrics.exposition, settings.metrics_token, users.guard))
    app.include_router(static_routes(settings, users.guard))
    app.include_router(live.routes)
    if settings.docs:
        app.include_router(api_docs(_TITLE, users.guard))
    if users.guard is not None:
        app.include_router(revocations_route(users.guard, users.revoke, settings.token_issuer, recorder, clock.now))
    _add_middleware(app, settings, services, WebSocketRoutes(endpoint, live.producer_side.endpoint), telemetry)
    return app


def _add_middleware(
    app: FastAPI, settings: Settings, services: Services, sockets: WebSocketRoutes, telemetry: Telemetry
) -> None:
    """The middleware that is added last is called first."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_methods=["GET", "POST"],
        allow_headers=_CORS_HEADERS,
    )
    app.add_middleware(HttpMetricsMiddleware, recorder=services.recorder, ids=services.ids, clock=services.clock)
    app.add_middleware(WebSocketRouter, routes=sockets)
    telemetry.instrument(app)
    app.add_middleware(MetricsPortMiddleware)


class _KnownUsers:
    """The parts for users and their quotas. None of them exists where no setting needs them."""

    def __init__(self, settings: Settings, hub: Hub, recorder: Recorder, ids: Ids) -> None:
        """Raises ``SettingsError`` for unusable keys."""
        self.access: AccessControl | None = None
        self.quotas: Quotas | None = None
        self.guard: AdminGuard | None = None
        self._recorder = recorder
        self._kept_seconds = settings.revocations_kept_seconds
        self._issuer = settings.token_issuer
        self._selection: AccessStoreSelection | None = None
        self._authenticator: JwtAuthenticator | KeyAuthenticator | None = None
        self._watch: RevocationWatch | None = None
        if not settings.uses_access_store:
            return
        self._selection = create_access_store(settings, recorder)
        store = self._selection.store
        if settings.has_quotas:
            self.quotas = Quotas(store, settings.quotas, recorder, ids, by_address=settings.quota_by_address)
        self._authenticator = create_authenticator(settings, store, recorder)
        if self._authenticator is not None:
            revoked = RevokedTokens(self._kept_seconds)
            self.access = AccessControl(self._authenticator, revoked, clock.now, recorder, ids)
            self.guard = AdminGuard(self.access, recorder)
            self._watch = RevocationWatch(hub, store, self.access, recorder, ids, clock=clock.now)

    async def revoke(self, revocation: Revocation) -> int:
        """Revoke tokens, in this process at once. Only with authentication. Raises ``StoreUnavailable``."""
        assert self._selection is not None
        assert self._watch is not None
        marked = await revoke(self._selection.store, revocation, self._kept_seconds, self._issuer)
        await self._watch.read()
        return marked

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read keys and revocations while the context lasts, then close the store."""
        if self._selection is None:
            yield
            return
        if self._selection.degradation is not None:
            self._recorder.record(self._selection.degradation)
        async with AsyncExitStack() as parts:
            parts.push_async_callback(self._selection.store.close)
            if self.quotas is not None:
                parts.push_async_callback(self.quotas.close)
            if self._authenticator is not None:
                await parts.enter_async_context(self._authenticator.running())
            if self._watch is not None:
                await parts.enter_async_context(self._watch.running())
            yield


def _create_usage(settings: Settings, recorder: Recorder) -> Usage:
    url, secret = settings.database_url, settings.verify_secret
    return Usage(
        data_dir=settings.data_dir,
        database_url=None if url is None else url.get_secret_value(),
        retention_days=settings.usage_retention_days,
        session_seconds=settings.max_session_duration,
        version=__version__,
        verify_secret=None if secret is None else secret.get_secret_value(),
        recorder=recorder,
    )


@contextmanager
def ready_for_workers(settings: Settings) -> Iterator[WorkerGroup | None]:
    """Hold what the worker processes need while they serve; ``None`` for one. Raises ``SettingsError``."""
    check_telemetry_settings()
    check_token_keys(settings)
    check_access_store(settings)
    with ExitStack() as held:
        try:
            workers = held.enter_context(share_metrics(settings)) if settings.max_workers > 1 else None
        except MetricsDirectoryError as error:
            raise SettingsError(f"METRICS_DIR: {error}") from error
        yield workers


@contextmanager
def audit_log(settings: Settings) -> Iterator[Recorder]:
    """The log of a command that changes keys or tokens, on standard error."""
    from observability.logs.command_log import command_log  # noqa: PLC0415 - other processes have Telemetry

    with command_log(settings) as recorder:
        yield recorder


def send_test_event(settings: Settings) -> "DeliveryResult":
    """Send a test event to the Sentry project of the settings, which have a DSN; return the result."""
    from observability.sentry import sentry_client  # noqa: PLC0415 - as Telemetry does

    return sentry_client.send_test_event(settings)
