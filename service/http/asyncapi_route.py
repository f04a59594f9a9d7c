"""The route ``/asyncapi.json``."""

import msgspec
from fastapi import APIRouter, Request, Response

from service import __version__
from service.asyncapi import asyncapi
from service.http.static_response import StaticResponse
from service.settings import Settings

_ALL_INTERFACES = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def asyncapi_route(settings: Settings) -> APIRouter:
    """The document with the limits of the settings, for GET and HEAD. Like ``/openapi.json``, it is in no schema."""
    router = APIRouter(include_in_schema=False)
    name = "localhost" if settings.host in _ALL_INTERFACES else settings.host
    document = asyncapi(settings.limits, __version__, f"{name}:{settings.port}")
    response = StaticResponse(msgspec.json.encode(document), "application/json")

    @router.head("/asyncapi.json")
    @router.get("/asyncapi.json")
    async def asyncapi_json(request: Request) -> Response:
        return response.answer(request)

    return router
