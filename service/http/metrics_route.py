"""The route ``/metrics`` for scrapers."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Response
from pydantic import SecretStr

from service.http.admin_guard import AdminGuard, BearerCredentials

Exposition = Callable[[str], tuple[bytes, str]]
"""From an Accept header to the metrics and their content type. It blocks, and any thread may call it."""

_OPENMETRICS_TYPE = "application/openmetrics-text"
_OPENMETRICS = f"{_OPENMETRICS_TYPE}; version=1.0.0"


def metrics_route(exposition: Exposition, token: SecretStr | None, guard: AdminGuard | None = None) -> APIRouter:
    """The route, for GET and HEAD. With a token or a guard it requires one of them in the Authorization header."""
    router = APIRouter(dependencies=_guarded(token, guard))
    scrapes = _Scrapes(exposition)

    @router.head("/metrics", include_in_schema=False)
    @router.get("/metrics", summary="Metrics", response_class=Response)
    async def metrics(accept: Annotated[str, Header()] = "") -> Response:
        """Prometheus text, or OpenMetrics with exemplars if the Accept header allows it."""
        body, content_type = await scrapes.next(_OPENMETRICS if _OPENMETRICS_TYPE in accept else "")
        # A scraper that kept its connection would ask the same worker again, also when that hangs.
        return Response(body, headers={"content-type": content_type, "connection": "close"})

    return router


class _Scrapes:
    """Runs one scrape at a time, because a scrape holds the interpreter while streams wait.

    Requests that arrive during a scrape share the next one of their format, so that at most one per format waits.
    """

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition
        self._running = asyncio.Lock()
        self._waiting: dict[str, asyncio.Task[tuple[bytes, str]]] = {}

    async def next(self, accept: str) -> tuple[bytes, str]:
        """The result of a scrape that begins after this call."""
        scrape = self._waiting.get(accept)
        if scrape is None:
            scrape = self._waiting[accept] = asyncio.create_task(self._scrape(accept))
        return await asyncio.shield(scrape)

    async def _scrape(self, accept: str) -> tuple[bytes, str]:
        async with self._running:
            del self._waiting[accept]
            return await asyncio.to_thread(self._exposition, accept)


def _guarded(token: SecretStr | None, guard: AdminGuard | None) -> list[Any]:
    """The dependencies of the route: nothing, the token of the operator, an administrator, or one of both."""
    if token is None:
        return [] if guard is None else [Depends(guard)]
    secret = token.get_secret_value().encode()

    async def require_token(credentials: BearerCredentials) -> None:
        given = b"" if credentials is None else credentials.credentials.encode("latin-1")
        if secrets.compare_digest(given, secret):
            return
        if guard is None:
            raise HTTPException(
                status_code=401,
                detail="The metrics need the token that the operator has set: Authorization: Bearer <METRICS_TOKEN>.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        await guard(credentials)

    return [Depends(require_token)]
