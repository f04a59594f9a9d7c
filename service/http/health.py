"""The routes for platforms and operators: ``/``, ``/health`` and ``/ready``."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from service import __version__
from service.events import Dependency
from service.protocol.instant import Instant
from service.settings import Settings
from service.websocket.hub import Hub

_RETRY_AFTER_SECONDS = 5

_WARNING_LAG_MS = 100

_WARNING_SHARE = 0.9
"""The share of the connection limit from which ``/health`` warns."""

_PATHS = {"page": "/websocket-test", "docs": "/docs", "asyncapi": "/asyncapi.json", "metrics": "/metrics"}


class Root(BaseModel):
    """The health check of the platform."""

    service: Literal["Sales API"] = "Sales API"
    status: Literal["operational"] = "operational"
    version: str = __version__


class Part(BaseModel):
    """The state of one part of the service."""

    status: Literal["ok", "warning"]
    detail: Mapping[str, str | int | float]


class Health(BaseModel):
    """The state of the process, and the paths of the other routes."""

    status: Literal["ok", "warning"]
    version: str
    environment: str
    uptime_seconds: float
    parts: Mapping[str, Part]
    paths: Mapping[str, str]


class Readiness(BaseModel):
    """Whether a load balancer should send new connections."""

    status: Literal["ready", "degraded", "draining"]
    unavailable: list[Dependency] = []
    """Dependencies that are unavailable; streams continue without them."""


_TITLES = {"page": "Test page", "docs": "HTTP reference", "asyncapi": "Messages (AsyncAPI)", "metrics": "Metrics"}


def _entry(paths: Mapping[str, str]) -> str:
    """The page of ``/``."""
    links = "".join(f'<li><a href="{path[1:]}">{_TITLES[name]}</a>' for name, path in paths.items())
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"{head}<title>Streaming Content API</title><h1>Streaming Content API {__version__}</h1><ul>{links}</ul>"


def health_routes(
    hub: Hub,
    clock: Callable[[], Instant],
    settings: Settings,
    *,
    session_store: str,
    dependencies: Mapping[Dependency, bool],
) -> APIRouter:
    """The routes, each for GET and HEAD.

    ``session_store`` is the kind of store; ``dependencies`` is a live view of which dependencies are available.
    """
    router = APIRouter()
    started = clock().seconds
    served = {"page": True, "docs": settings.docs, "asyncapi": settings.docs, "metrics": settings.metrics_port is None}
    paths = {name: path for name, path in _PATHS.items() if served[name]}
    entry = _entry(paths)

    @router.head("/", include_in_schema=False, response_model=Root)
    @router.get("/", summary="Status", response_model=Root)
    async def root(request: Request, response: Response) -> Response | Root:
        """200 while the process serves, for any number of open connections.

        A browser gets a page that links to the others.
        """
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(entry, headers={"Vary": "Accept", "Content-Security-Policy": "default-src 'none'"})
        response.headers["Vary"] = "Accept"
        return Root()

    @router.head("/health", include_in_schema=False)
    @router.get("/health", summary="Liveness of each part")
    async def health() -> Health:
        """Always 200; ``status`` is ``warning`` if a part needs attention."""
        before = clock().seconds
        await asyncio.sleep(0)
        lag_ms = round((clock().seconds - before) * 1000, 3)
        connections = {"open": hub.connections, "limit": hub.max_connections}
        parts = {
            "event_loop": _part(lag_ms <= _WARNING_LAG_MS, lag_ms=lag_ms),
            "connections": _part(hub.connections < _WARNING_SHARE * hub.max_connections, **connections),
            "sessions": _dependency(dependencies.get(Dependency.SESSION_STORE, True), store=session_store),
        }
        for dependency, available in dependencies.items():
            if dependency is not Dependency.SESSION_STORE:
                parts[str(dependency)] = _dependency(available)
        return Health(
            status="ok" if all(part.status == "ok" for part in parts.values()) else "warning",
            version=__version__,
            environment=settings.railway_environment,
            uptime_seconds=round(clock().seconds - started, 1),
            parts=parts,
            paths=paths,
        )

    @router.head("/ready", include_in_schema=False)
    @router.get(
        "/ready", summary="Readiness", responses={503: {"model": Readiness}}, response_model_exclude_defaults=True
    )
    async def ready(response: Response) -> Readiness:
        """503 while the process drains: send new connections to another instance.

        An unavailable dependency makes the process degraded, with 200: its streams continue, and 503 would remove all
        instances at once. Pages of every origin may read it, so that a client can distinguish a
        service that refuses its origin from one that is down.
        """
        response.headers["access-control-allow-origin"] = "*"
        if hub.draining:
            response.status_code = 503
            response.headers["retry-after"] = str(_RETRY_AFTER_SECONDS)
            return Readiness(status="draining")
        unavailable = [dependency for dependency, available in dependencies.items() if not available]
        return Readiness(status="degraded" if unavailable else "ready", unavailable=unavailable)

    return router


def _part(ok: bool, **detail: str | float) -> Part:  # noqa: FBT001 - the condition is the part's only rule
    return Part(status="ok" if ok else "warning", detail=detail)


def _dependency(available: bool, **detail: str) -> Part:  # noqa: FBT001 - as above
    return _part(available, **detail, state="up" if available else "unavailable")
