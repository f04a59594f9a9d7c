"""The routes whose responses never change while the process runs: the test page, its files and ``/asyncapi.json``.

``make generate`` builds the files in ``service/static``.
"""

import asyncio
import gzip
import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from service import __version__
from service.asyncapi import asyncapi
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

_REVALIDATE = "no-cache"

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


class StaticResponse:
    """A body with its ETag, uncompressed and in gzip."""

    def __init__(
        self, body: bytes, content_type: str, cache_control: str = "no-cache", headers: Mapping[str, str] | None = None
    ) -> None:
        """By default a cache has to revalidate the body for each use, which costs a 304."""
        self._body = body
        self._compressed = gzip.compress(body, mtime=0)
        self._etag = f'"{sha256(body).hexdigest()[:16]}"'
        self._headers = {
            **(headers or {}),
            "content-type": content_type,
            "cache-control": cache_control,
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
        }

    def answer(self, request: Request) -> Response:
        """304 if the client has the body, else the body in an encoding that it accepts."""
        headers = {**self._headers, "etag": self._etag}
        # RFC 9110 prescribes a weak comparison for If-None-Match: a proxy that compresses marks the tag with W/.
        cached = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if not cached.isdisjoint({self._etag, "*"}):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._body, headers=headers)
        return Response(self._compressed, headers={**headers, "etag": f"W/{self._etag}", "content-encoding": "gzip"})


def static_routes(settings: Settings) -> APIRouter:
    """The test page, its files, and the AsyncAPI document with the limits of the settings, for GET and HEAD.

    Like ``/openapi.json``, none of them is in the schema.
    """
    router = APIRouter(include_in_schema=False)
    hashed_names: dict[str, str] = json.loads((_FOLDER / "manifest.json").read_text())
    files = frozenset(hashed_names.values())
    document = _asyncapi(settings)

    @router.head("/websocket-test")
    @router.get("/websocket-test")
    async def websocket_test(request: Request) -> Response:
        return (await asyncio.to_thread(_page, hashed_names[_PAGE])).answer(request)

    @router.head("/static/{name}")
    @router.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        """A name without its hash redirects to the current name with it."""
        if name in hashed_names:
            return RedirectResponse(hashed_names[name], headers={"cache-control": _REVALIDATE})
        if name not in files:
            raise HTTPException(404)
        return (await asyncio.to_thread(_file, name)).answer(request)

    @router.head("/asyncapi.json")
    @router.get("/asyncapi.json")
    async def asyncapi_json(request: Request) -> Response:
        return document.answer(request)

    return router


def _asyncapi(settings: Settings) -> StaticResponse:
    name = "localhost" if settings.host in _ALL_INTERFACES else settings.host
    document = asyncapi(settings.limits, __version__, f"{name}:{settings.port}")
    return StaticResponse(msgspec.json.encode(document), "application/json")


@cache
def _page(name: str) -> StaticResponse:
    return StaticResponse((_FOLDER / name).read_bytes(), _content_type(name), _REVALIDATE, _PAGE_HEADERS)


@cache
def _file(name: str) -> StaticResponse:
    return StaticResponse((_FOLDER / name).read_bytes(), _content_type(name), _IMMUTABLE)


def _content_type(name: str) -> str:
    return _CONTENT_TYPES[Path(name).suffix]
