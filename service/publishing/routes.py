"""The HTTP routes of producers."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import BaseModel

from service.client_address import TrustedProxies
from service.http.admin_guard import BearerCredentials
from service.live.append_limits import MAX_APPEND_BYTES
from service.live.records import Append, LiveStatus
from service.protocol.fields import SESSION_ID_PATTERN
from service.protocol.publish_errors import PublishErrorCode
from service.publishing.cancel_rights import CancelGuard, Canceller
from service.publishing.creation import Creation, Creator, Options
from service.publishing.examples import ADOPT, APPEND, CANCEL, CLOSE, CREATE, STATE, TOUCH, Example
from service.publishing.models import (
    AdoptedStream,
    AppendedSource,
    CreatedStream,
    EndedStream,
    Refusal,
    StreamReportBody,
    StreamToClose,
    StreamToCreate,
)
from service.publishing.publications import Publications
from service.publishing.publish_route import publish_route, read_bytes, read_model, secret_of
from service.publishing.rights import HttpProducer, Producer
from service.session.ports import Recorder
from service.websocket.asgi import trace_context

_EPOCH = "That of the call which created or adopted the stream."
_OFFSET = "Of the first byte of the body in the source, in bytes."
_LARGEST = 2**53 - 1
_OK, _CREATED = 200, 201

StreamId = Annotated[str, Path(max_length=64)]
Epoch = Annotated[int, Query(ge=0, le=_LARGEST, description=_EPOCH)]
Offset = Annotated[int, Query(ge=0, le=_LARGEST, description=_OFFSET)]


class CallRights(NamedTuple):
    """Who may make which call."""

    publish: HttpProducer
    cancel: CancelGuard


def publishing_routes(
    creator: Creator,
    publications: Publications,
    rights: CallRights,
    proxies: TrustedProxies,
    recorder: Recorder,
) -> APIRouter:
    """The routes under ``/v1``. ``proxies`` are those whose forwarded addresses are believed."""
    router = APIRouter(prefix="/v1", route_class=publish_route(recorder), tags=["Live streams"])
    publishes = Annotated[Producer, Depends(rights.publish)]

    @router.post(
        "/sessions/{session_id}/streams",
        summary="Create a live stream",
        status_code=201,
        responses=_responses(CREATE, 400, 401, 403, 413, 422, 429, 503),
        openapi_extra=_json_body(StreamToCreate, CREATE),
    )
    async def create(
        session_id: Annotated[str, Path(json_schema_extra={"pattern": SESSION_ID_PATTERN})],
        request: Request,
        by: publishes,
        _idempotency_key: Annotated[
            str | None, Header(alias="Idempotency-Key", description="The same key is the same stream, charged once.")
        ] = None,
        _session_secret: Annotated[
            str | None, Header(alias="X-Session-Secret", description="Of a session that has one, or shall have one.")
        ] = None,
    ) -> CreatedStream:
        """Makes the session if there is none, and costs one request of it. Its readers get the stream at once."""
        options = await read_model(request, StreamToCreate)
        record = await creator.create(
            by,
            Creation(
                session_id=session_id,
                options=Options(options.content_type, options.speed, options.chunk_by, options.request_id),
                space=options.space,
                key=_only(request.headers.getlist("idempotency-key")),
                secret=secret_of(request),
                address=proxies.client_address(request.scope),
                trace=trace_context(request.scope),
            ),
        )
        return CreatedStream(
            stream_id=record.stream_id, epoch=record.epoch, offset=record.length, trace_id=record.trace.trace_id
        )

    @router.post(
        "/streams/{stream_id}/append",
        summary="Append to the source",
        responses=_responses(APPEND, 400, 401, 403, 404, 409, 410, 413, 429, 503),
        openapi_extra=_source_body(),
    )
    async def append(
        stream_id: StreamId,
        epoch: Epoch,
        offset: Offset,
        request: Request,
        by: publishes,
    ) -> AppendedSource:
        """Answered when the bytes are stored. A repetition is trimmed, also if it is cut differently.

        No bytes at all renew the lease.
        """
        data = await read_bytes(request, MAX_APPEND_BYTES)
        progress = await publications.append(by, Append(stream_id, epoch, offset, data))
        return AppendedSource(accepted=progress.accepted, durable=progress.durable)

    @router.post(
        "/streams/{stream_id}/close",
        summary="End a live stream",
        responses=_responses(CLOSE, 400, 401, 403, 404, 409, 410, 413, 429, 503),
        openapi_extra=_json_body(StreamToClose, CLOSE),
    )
    async def close(
        stream_id: StreamId,
        epoch: Epoch,
        request: Request,
        by: publishes,
    ) -> EndedStream:
        """The same call again has the same answer."""
        end = await read_model(request, StreamToClose)
        digest = None if end.sha256 is None else bytes.fromhex(end.sha256)
        last = Append(stream_id, epoch, end.offset, b"", LiveStatus(end.status), digest)
        progress = await publications.append(by, last)
        return EndedStream(status=progress.status, offset=progress.durable)

    @router.post(
        "/streams/{stream_id}/touch",
        summary="Renew the lease of the producer",
        responses=_responses(TOUCH, 400, 401, 403, 404, 409, 410, 429, 503),
    )
    async def touch(
        stream_id: StreamId,
        epoch: Epoch,
        by: publishes,
    ) -> AppendedSource:
        """For a producer that has nothing to append for longer than 5 seconds, at which readers see a stall."""
        progress = await publications.touch(by, stream_id, epoch)
        return AppendedSource(accepted=progress.accepted, durable=progress.durable)

    @router.post(
        "/streams/{stream_id}/adopt",
        summary="Go on with a live stream in place of its producer",
        responses=_responses(ADOPT, 401, 403, 404, 410, 503),
    )
    async def adopt(
        stream_id: StreamId,
        by: publishes,
    ) -> AdoptedStream:
        """Begins a new epoch: the producer before can change nothing more."""
        adoption = await publications.adopt(by, stream_id)
        return AdoptedStream(epoch=adoption.epoch, offset=adoption.offset, tail=adoption.tail, rest=adoption.rest.hex())

    @router.post(
        "/streams/{stream_id}/cancel",
        summary="Cancel a live stream",
        responses=_responses(CANCEL, 400, 401, 403, 404, 503),
    )
    async def cancel(
        stream_id: StreamId,
        request: Request,
        credentials: BearerCredentials,
        session_id: Annotated[
            str, Query(max_length=64, description="Of the stream: the right of its readers, without authentication.")
        ] = "",
    ) -> EndedStream:
        """For all readers and for its producer, at any epoch. Of a stream that has ended, answered with its end.

        For its producers, and for its readers: with the scope `control`, or without authentication with the id of the
        session, and its secret if it has one.
        """
        token = "" if credentials is None else credentials.credentials
        await rights.cancel.check(Canceller(stream_id, token, session_id, secret_of(request)))
        record = await publications.cancel(stream_id)
        return EndedStream(status=record.status, offset=record.length)

    @router.get(
        "/streams/{stream_id}",
        summary="The state of a live stream",
        responses=_responses(STATE, 401, 403, 404, 503),
    )
    async def state(
        stream_id: StreamId,
        by: publishes,
    ) -> StreamReportBody:
        """Without its epoch: a producer that was fenced off does not find its way back by itself."""
        report = await publications.report(by, stream_id)
        return StreamReportBody(
            stream_id=stream_id,
            session_id=report.record.session_id,
            status=report.state,
            accepted=report.accepted,
            durable=report.record.length,
            readers=report.readers,
            silent_ms=round(1000 * report.record.silent_seconds),
        )

    return router


def _only(values: Sequence[str]) -> str | None:
    """The value of a header; two of them are none that is valid."""
    if not values:
        return None
    return values[0] if len(values) == 1 else ""


def _json_body(model: type[BaseModel], example: Example) -> dict[str, Any]:
    """A body that is read after the token is checked, which FastAPI does not declare."""
    content = {"application/json": {"schema": model.model_json_schema(), "example": example.body}}
    return {"requestBody": {"required": True, "content": content}}


def _source_body() -> dict[str, Any]:
    schema = {"type": "string", "format": "binary", "maxLength": MAX_APPEND_BYTES}
    return {"requestBody": {"required": True, "content": {"*/*": {"schema": schema, "example": APPEND.body}}}}


def _responses(example: Example, *refusals: int) -> dict[int | str, dict[str, Any]]:
    """The answer and the errors of a route for the document, each status with its codes."""
    codes = {status: [code for code in PublishErrorCode if code.status == status] for status in (*refusals, 500)}
    success = _CREATED if example is CREATE else _OK
    return {
        success: {"content": {"application/json": {"example": example.answer}}},
        **{
            status: {"model": Refusal, "description": "; ".join(f"`{code}`: {code.meaning}" for code in found)}
            for status, found in codes.items()
        },
    }
