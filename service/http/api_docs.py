"""The routes ``/docs`` and ``/openapi.json``: Swagger UI with its files, so that no browser asks a third party.

The page may load scripts, styles and data of the service only. Its one inline script is allowed by its hash.
"""

import asyncio
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from service.http.admin_guard import AdminGuard
from service.http.static_response import REVALIDATE, StaticResponse

_FILES = "/static-offline-docs"
_CONTENT_TYPES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon.png": "image/png",
}
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def api_docs(title: str, guard: AdminGuard | None = None) -> APIRouter:
    """The page for the document at ``/openapi.json``, that document, and the files of the page, for GET and HEAD.

    With a guard the page and the document are for administrators; its files are those of a library.
    """
    router = APIRouter(include_in_schema=False)
    guards = [] if guard is None else [Depends(guard)]

    @router.head("/openapi.json", dependencies=guards)
    @router.get("/openapi.json", dependencies=guards)
    async def openapi(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    @router.head("/docs", dependencies=guards)
    @router.get("/docs", dependencies=guards)
    async def docs(request: Request) -> Response:
        return (await asyncio.to_thread(_page, title)).answer(request)

    @router.head(_FILES + "/{name}")
    @router.get(_FILES + "/{name}")
    async def docs_file(request: Request, name: str) -> Response:
        if name not in _CONTENT_TYPES:
            raise HTTPException(404)
        return (await asyncio.to_thread(_file, name)).answer(request)

    return router


@cache
def _page(title: str) -> StaticResponse:
    from fastapi.openapi.docs import get_swagger_ui_html  # noqa: PLC0415 - needed by the first reader of the page only

    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=title,
        swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{_FILES}/swagger-ui.css",
        swagger_favicon_url=f"{_FILES}/favicon.png",
        swagger_ui_parameters={"validatorUrl": None},  # else the page sends its address to validator.swagger.io
    )
    body = bytes(page.body)
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in _INLINE_SCRIPT.findall(body.decode()))
    policy = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {"content-security-policy": policy, "referrer-policy": "no-referrer"}
    return StaticResponse(body, "text/html; charset=utf-8", REVALIDATE, headers)


@cache
def _file(name: str) -> StaticResponse:
    return StaticResponse((_folder() / name).read_bytes(), _CONTENT_TYPES[name], REVALIDATE)


def _folder() -> Path:
    """The files of Swagger UI in ``fastapi_offline``, which need not be imported."""
    return Path(str(distribution("fastapi-offline").locate_file("fastapi_offline/static")))


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
