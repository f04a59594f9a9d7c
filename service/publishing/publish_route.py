"""The route class of producers: every refusal has one form; and bodies, which are read within a limit."""

import math
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from service.live.append_rule import Refusal
from service.live.ports import Refused
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.refusal_events import record_refusal
from service.publishing.refusals import error_of
from service.session.ports import Recorder, StoreUnavailable
from service.stores.failures import StoreFull
from service.websocket.carriers import InvalidSecret, read_secret

JSON_BODY_BYTES = 8192
_STORE_RETRY_SECONDS = 1.0
_ONE_HEADER = "The X-Session-Secret must be one header."

_Model = TypeVar("_Model", bound=BaseModel)


def publish_route(recorder: Recorder | None) -> type[APIRoute]:
    """Return the class of routes that answer errors as ``{"error": {"code", "message", ...}}``.

    With a recorder they are recorded, as refused calls of producers.
    """

    class PublishRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except PublishError as refusal:
                    error = refusal
                except RequestValidationError as invalid:
                    error = _invalid(invalid.errors())
                except StoreUnavailable as unavailable:
                    error = store_error(unavailable)
                if recorder is not None:
                    path = request.path_params
                    record_refusal(recorder, error.code, path.get("session_id", ""), path.get("stream_id", ""))
                return error_response(error)

            return answer

    return PublishRoute


def error_response(error: PublishError) -> Response:
    headers = {}
    if error.code.status == 401:  # noqa: PLR2004 - RFC 9110 section 15.5.2
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_seconds)))
    body = msgspec.json.encode({"error": error.body})
    return Response(body, error.code.status, headers, "application/json")


def store_error(unavailable: StoreUnavailable) -> PublishError:
    if isinstance(unavailable, StoreFull):
        return error_of(Refused(Refusal.FULL, 0))
    return PublishError(
        PublishErrorCode.STORE_UNAVAILABLE,
        "The store did not answer in time. Repeat the same call.",
        retry_after_seconds=_STORE_RETRY_SECONDS,
    )


def secret_of(request: Request) -> bytes | None:
    """The digest of the secret of the session, if there is one. Raises ``PublishError``."""
    try:
        return read_secret(request.scope["headers"], ())
    except InvalidSecret:
        raise PublishError(PublishErrorCode.INVALID_REQUEST, _ONE_HEADER) from None


async def read_bytes(request: Request, max_bytes: int) -> bytes:
    """The body. Of one that is larger, no more than ``max_bytes`` and a part are read. Raises ``PublishError``."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    parts = bytearray()
    try:
        async for part in request.stream():
            parts += part
            if len(parts) > max_bytes:
                raise _too_large(max_bytes)
    except ClientDisconnect:
        raise PublishError(PublishErrorCode.INVALID_REQUEST, "The body is not complete. Send the call again.") from None
    return bytes(parts)


async def read_model(request: Request, model: type[_Model]) -> _Model:
    """The body, a JSON object. Raises ``PublishError``."""
    body = await read_bytes(request, JSON_BODY_BYTES)
    try:
        return model.model_validate_json(body)
    except ValidationError as invalid:
        raise _invalid(invalid.errors(include_url=False, include_input=False)) from None


def _too_large(max_bytes: int) -> PublishError:
    sentence = f"A body of this call has at most {max_bytes} bytes. Send it in parts."
    return PublishError(PublishErrorCode.BODY_TOO_LARGE, sentence)


def _invalid(errors: Any) -> PublishError:  # noqa: ANN401 - dictionaries of pydantic
    """The first problem, without what was sent."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
    return PublishError(PublishErrorCode.INVALID_REQUEST, f"{place}: {first['msg']}. Correct it.")
