"""The document of the protocol over HTTP."""

import msgspec
from fastapi import APIRouter, Request, Response

from service import __version__
from service.asyncapi import asyncapi
from service.http.static_response import StaticResponse
from service.settings import Settings

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - what to replace, not where to listen


def asyncapi_routes(settings: Settings) -> APIRouter:
    """``/asyncapi.json`` with the limits of the settings; like ``/openapi.json`` it does not tell of itself."""
    router = APIRouter(include_in_schema=False)
    name = "localhost" if settings.host in _EVERY_ADDRESS else settings.host
    document = asyncapi(settings.limits, __version__, f"{name}:{settings.port}")
    fixed = StaticResponse(msgspec.json.encode(document), "application/json")

    @router.head("/asyncapi.json")
    @router.get("/asyncapi.json")
    async def asyncapi_json(request: Request) -> Response:
        return fixed.answer(request)

    return router
