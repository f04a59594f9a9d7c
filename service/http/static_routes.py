"""The routes whose responses never change while the process runs: the test page, its files and ``/asyncapi.json``.

``make generate`` builds the files in ``service/static``.
"""

import asyncio
import json
from functools import cache, partial
from pathlib import Path

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from service import __version__
from service.asyncapi import asyncapi
from service.http.admin_guard import AdminGuard
from service.http.static_response import REVALIDATE, StaticResponse
from service.settings import Settings

_FOLDER = Path(__file__).parents[1] / "static"
_PAGE = "websocket-test.html"

_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".ts": "text/plain; charset=utf-8",
}

_IMMUTABLE = "public, max-age=31536000, immutable"
"""For files with a hash in their names."""

_PAGE_HEADERS = {
    # Scripts and style sheets are files of the service. Style attributes are allowed: content may have checked colours.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: https:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}

_ALL_INTERFACES = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def static_routes(settings: Settings, guard: AdminGuard | None = None) -> APIRouter:
    """The test page and its files, and with ``DOCS`` the AsyncAPI document with the limits of the settings.

    All for GET and HEAD. Like ``/openapi.json``, none of them is in the schema. With a guard the document is for
    administrators.
    """
    router = APIRouter(include_in_schema=False)
    hashed_names: dict[str, str] = json.loads((_FOLDER / "manifest.json").read_text())
    files = frozenset(hashed_names.values())

    @router.head("/websocket-test")
    @router.get("/websocket-test")
    async def websocket_test(request: Request) -> Response:
        return (await asyncio.to_thread(_page, hashed_names[_PAGE])).answer(request)

    @router.head("/static/{name}")
    @router.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        """A name without its hash redirects to the current name with it."""
        if name in hashed_names:
            return RedirectResponse(hashed_names[name], headers={"cache-control": REVALIDATE})
        if name not in files:
            raise HTTPException(404)
        return (await asyncio.to_thread(_file, name)).answer(request)

    if settings.docs:
        document = cache(partial(_asyncapi, settings))
        guards = [] if guard is None else [Depends(guard)]

        @router.head("/asyncapi.json", dependencies=guards)
        @router.get("/asyncapi.json", dependencies=guards)
        async def asyncapi_json(request: Request) -> Response:
            return (await asyncio.to_thread(document)).answer(request)

    return router


def _asyncapi(settings: Settings) -> StaticResponse:
    name = "localhost" if settings.host in _ALL_INTERFACES else settings.host
    document = asyncapi(settings.limits, __version__, f"{name}:{settings.port}")
    return StaticResponse(msgspec.json.encode(document), "application/json")


@cache
def _page(name: str) -> StaticResponse:
    return StaticResponse((_FOLDER / name).read_bytes(), _content_type(name), REVALIDATE, _PAGE_HEADERS)


@cache
def _file(name: str) -> StaticResponse:
    return StaticResponse((_FOLDER / name).read_bytes(), _content_type(name), _IMMUTABLE)


def _content_type(name: str) -> str:
    return _CONTENT_TYPES[Path(name).suffix]
