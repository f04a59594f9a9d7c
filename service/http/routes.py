"""The HTTP routes: for people, platforms and scrapers."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Response, params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, SecretStr

from service import __version__
from service.events import Dependency
from service.protocol.instant import Instant
from service.settings import Settings
from service.websocket.hub import Hub

_RETRY_AFTER_SECONDS = 5

_WORRYING_LAG_MS = 100

Exposition = Callable[[str], tuple[bytes, str]]
"""From an Accept header to the metrics and their content type. It takes its time: any thread may call it."""

_OPENMETRICS_TYPE = "application/openmetrics-text"
_OPENMETRICS = f"{_OPENMETRICS_TYPE}; version=1.0.0"


class Root(BaseModel):
    """The platform's health check."""

    service: Literal["Sales API"] = "Sales API"
    status: Literal["operational"] = "operational"
    version: str = __version__


class Part(BaseModel):
    """One part of the service."""

    status: Literal["ok", "warning"]
    detail: Mapping[str, str | int | float]


class Health(BaseModel):
    """Liveness, a part at a time."""

    status: Literal["ok", "warning"]
    version: str
    environment: str
    uptime_seconds: float
    parts: Mapping[str, Part]


class Readiness(BaseModel):
    """Whether new connections are welcome."""

    status: Literal["ready", "degraded", "draining"]
    away: list[Dependency] = []
    """Dependencies that are away; streams go on without them."""


def http_routes(  # noqa: PLR0913 - each is shown somewhere
    hub: Hub,
    clock: Callable[[], Instant],
    exposition: Exposition,
    settings: Settings,
    *,
    session_store: str,
    dependencies: Mapping[Dependency, bool],
) -> APIRouter:
    """The routes over what they show. Each answers HEAD as it does GET.

    ``session_store`` names the kind of store, ``dependencies`` tells of each whether it is there, at any moment.
    """
    router = APIRouter()
    started = clock().seconds
    scrapes = _Scrapes(exposition)

    @router.head("/", include_in_schema=False)
    @router.get("/", summary="Status")
    async def root() -> Root:
        """Answers 200 for as long as the process lives, however many sockets are open."""
        return Root()

    @router.head("/health", include_in_schema=False)
    @router.get("/health", summary="Liveness, a part at a time")
    async def health() -> Health:
        """Always 200; ``status`` says whether a part wants a look."""
        before = clock().seconds
        await asyncio.sleep(0)
        lag_ms = round((clock().seconds - before) * 1000, 3)
        near_full = hub.connections >= 0.9 * hub.max_connections
        parts = {
            "event_loop": Part(status="warning" if lag_ms > _WORRYING_LAG_MS else "ok", detail={"lag_ms": lag_ms}),
            "connections": Part(
                status="warning" if near_full else "ok",
                detail={"open": hub.connections, "limit": hub.max_connections},
            ),
            "sessions": _part(dependencies, Dependency.SESSION_STORE, store=session_store),
        } | {
            str(dependency): _part(dependencies, dependency)
            for dependency in dependencies
            if dependency is not Dependency.SESSION_STORE
        }
        return Health(
            status="warning" if any(part.status == "warning" for part in parts.values()) else "ok",
            version=__version__,
            environment=settings.railway_environment,
            uptime_seconds=round(clock().seconds - started, 1),
            parts=parts,
        )

    @router.head("/ready", include_in_schema=False)
    @router.get(
        "/ready", summary="Readiness", responses={503: {"model": Readiness}}, response_model_exclude_defaults=True
    )
    async def ready(response: Response) -> Readiness:
        """503 while the process goes away: send new connections elsewhere.

        A dependency that is away makes it degraded, with 200: streams go on, and all instances would leave at once.
        """
        if hub.draining:
            response.status_code = 503
            response.headers["retry-after"] = str(_RETRY_AFTER_SECONDS)
            return Readiness(status="draining")
        away = [dependency for dependency, up in dependencies.items() if not up]
        return Readiness(status="degraded" if away else "ready", away=away)

    @router.head("/metrics", include_in_schema=False, dependencies=_open_to(settings.metrics_token))
    @router.get(
        "/metrics",
        summary="Metrics",
        response_class=Response,
        dependencies=_open_to(settings.metrics_token),
    )
    async def metrics(accept: Annotated[str, Header()] = "") -> Response:
        """Prometheus text, or OpenMetrics with exemplars for those that accept it."""
        body, content_type = await scrapes.next(_OPENMETRICS if _OPENMETRICS_TYPE in accept else "")
        return Response(body, headers={"content-type": content_type})

    return router


def _part(dependencies: Mapping[Dependency, bool], dependency: Dependency, **detail: str) -> Part:
    up = dependencies.get(dependency, True)
    return Part(status="ok" if up else "warning", detail=detail | {"state": "up" if up else "away"})


class _Scrapes:
    """One at a time, as each would hold the interpreter while streams wait for it; who waits shares the next one.

    So however many ask, at most one a format is waiting, and a scraper waits for two or three.
    """

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition
        self._turn = asyncio.Lock()
        self._waiting: dict[str, asyncio.Task[tuple[bytes, str]]] = {}

    async def next(self, accept: str) -> tuple[bytes, str]:
        """What is read after now."""
        scrape = self._waiting.get(accept)
        if scrape is None:
            scrape = self._waiting[accept] = asyncio.create_task(self._scrape(accept))
        return await asyncio.shield(scrape)

    async def _scrape(self, accept: str) -> tuple[bytes, str]:
        async with self._turn:
            del self._waiting[accept]
            return await asyncio.to_thread(self._exposition, accept)


def _open_to(token: SecretStr | None) -> list[params.Depends]:
    """What a route depends on that only shows itself to bearers of the token; nothing, if there is none."""
    if token is None:
        return []
    secret = token.get_secret_value().encode()

    async def bearer(
        shown: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    ) -> None:
        if shown is None or not secrets.compare_digest(shown.credentials.encode("latin-1"), secret):
            raise HTTPException(
                status_code=401,
                detail="The metrics need the token that the operator has set: Authorization: Bearer <METRICS_TOKEN>.",
                headers={"WWW-Authenticate": "Bearer"},
            )

    return [Depends(bearer)]
