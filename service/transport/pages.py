"""The page for people, and the files that pages load: all of ``service/static``, as ``make assets`` leaves it."""

import asyncio
import gzip
import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

_FOLDER = Path(__file__).parents[1] / "static"
_PAGE = "websocket-test.html"

_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".ts": "text/plain; charset=utf-8",
}

_FOREVER = "public, max-age=31536000, immutable"
"""For what has its hash in its name."""

_ASK_EACH_TIME = "no-cache"

_PAGE_HEADERS = {
    # Scripts and style sheets are files of ours. Style attributes may pass: content has its checked colours in them.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: https:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


class _File(NamedTuple):
    """A file as it is sent."""

    body: bytes
    packed: bytes
    """The body in gzip."""
    content_type: str
    etag: str


def page_routes() -> APIRouter:
    """The page and the files. Each answers HEAD as it does GET; none is for programs, so none is in the schema."""
    router = APIRouter(include_in_schema=False)
    hashed_names: dict[str, str] = json.loads((_FOLDER / "manifest.json").read_text())
    files = frozenset(hashed_names.values())

    @router.head("/websocket-test")
    @router.get("/websocket-test")
    async def websocket_test(request: Request) -> Response:
        file = await asyncio.to_thread(_read, hashed_names[_PAGE])
        return _answer(request, file, _ASK_EACH_TIME, _PAGE_HEADERS)

    @router.head("/static/{name}")
    @router.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        """A name without its hash leads to the one with it."""
        if name in hashed_names:
            return RedirectResponse(hashed_names[name], headers={"cache-control": _ASK_EACH_TIME})
        if name not in files:
            raise HTTPException(404)
        return _answer(request, await asyncio.to_thread(_read, name), _FOREVER, {})

    return router


@cache
def _read(name: str) -> _File:
    body = (_FOLDER / name).read_bytes()
    content_type = _CONTENT_TYPES[Path(name).suffix]
    return _File(body, gzip.compress(body, mtime=0), content_type, f'"{sha256(body).hexdigest()[:16]}"')


def _answer(request: Request, file: _File, cache_control: str, headers: dict[str, str]) -> Response:
    headers = {
        **headers,
        "cache-control": cache_control,
        "etag": file.etag,
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
    }
    # Weak comparison, as the header asks for: a proxy that packs what we send marks the tag with W/.
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if not known.isdisjoint({file.etag, "*"}):
        return Response(status_code=304, headers=headers)
    body = file.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = file.packed
        headers["content-encoding"] = "gzip"
        headers["etag"] = f"W/{file.etag}"  # not the same bytes
    return Response(body, headers=headers, media_type=file.content_type)
