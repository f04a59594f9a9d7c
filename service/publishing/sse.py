"""The HTTP route of readers: the messages about a live stream as server-sent events."""

import asyncio
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from msgspec import UNSET

from service.client_address import TrustedProxies
from service.http.admin_guard import BearerCredentials
from service.protocol.messages import ChunkBy, HtmlMode, Speed
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.event_reader import EventReader
from service.publishing.event_reception import EventReception, EventRequest
from service.publishing.publish_route import publish_route, secret_of
from service.websocket.asgi import Receive, Scope, Send

_LARGEST = 2**53 - 1
_LAST_EVENT_ID = "The Last-Event-ID must be the id of an event of this route: a whole number."
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would collect the events
)


def event_routes(reception: EventReception, proxies: TrustedProxies) -> APIRouter:
    """The route under ``/v1``. ``proxies`` are those whose forwarded addresses are believed."""
    router = APIRouter(prefix="/v1", route_class=publish_route(None), tags=["Live streams"])

    @router.get(
        "/streams/{stream_id}/events",
        summary="Read a live stream as server-sent events",
        response_class=Response,
        responses={
            200: {"content": {"text/event-stream": {}}, "description": "The messages of a socket, one an event"}
        },
    )
    async def events(  # noqa: PLR0913, PLR0917 - FastAPI takes the parameters of the request so
        stream_id: Annotated[str, Path(max_length=64)],
        request: Request,
        credentials: BearerCredentials,
        session_id: Annotated[str, Query(max_length=64, description="Of the stream. Required without a token.")] = "",
        settled: Annotated[int, Query(ge=0, le=_LARGEST, description="What the reader has, in UTF-16 code units.")] = 0,
        html_mode: HtmlMode = HtmlMode.FRAGMENT,
        chunk_by: ChunkBy | None = None,
        speed: Speed | None = None,
        last_event_id: Annotated[str, Header(description="The id of the last event: instead of `settled`.")] = "",
    ) -> Response:
        """For networks without WebSockets. A reader that comes back keeps what is before the `id` of the last event.

        The events end with the stream. Read them by `fetch`: an `EventSource` sends no token.
        """
        reader = await reception.open(
            EventRequest(
                stream_id=stream_id,
                session_id=session_id,
                token="" if credentials is None else credentials.credentials,
                secret=secret_of(request),
                address=proxies.client_address(request.scope),
                settled=_position(last_event_id) if last_event_id else settled,
                html_mode=html_mode,
                chunk_by=chunk_by,
                speed=UNSET if speed is None else speed,
            )
        )
        return EventStream(reception, reader)

    return router


class EventStream(Response):
    """A response that lasts as long as its reader, and closes it."""

    def __init__(self, reception: EventReception, reader: EventReader) -> None:
        super().__init__()
        self._reception = reception
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(self._close_when_left(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            async for data in self._reader.events():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving
            self._reception.close(self._reader)

    async def _close_when_left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._reader.close()


def _position(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST))):
        raise PublishError(PublishErrorCode.INVALID_REQUEST, _LAST_EVENT_ID)
    return min(_LARGEST, int(text))
