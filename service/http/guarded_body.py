"""The body of a guarded route, of which nothing is read before the guard has let the request pass."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from service.access.principal import Principal
from service.http.admin_guard import AdminGuard

_Model = TypeVar("_Model", bound=BaseModel)


def guarded_body(guard: AdminGuard, model: type[_Model]) -> Callable[..., Awaitable[_Model]]:
    """A dependency of a route: its body as the model, else 422. Its size is limited by ``MAX_REQUEST_SIZE``.

    The framework reads and decodes a body that a route declares as a parameter before it calls any dependency.
    """

    async def read(request: Request, _admin: Annotated[Principal, Depends(guard)]) -> _Model:
        try:
            return model.model_validate_json(await request.body())
        except ClientDisconnect:
            raise HTTPException(400, "The body is not complete.") from None
        except ValidationError as invalid:
            errors = [
                {**error, "loc": ("body", *error["loc"])}
                for error in invalid.errors(include_url=False, include_input=False)
            ]
            raise RequestValidationError(errors) from None

    return read


def described_body(model: type[BaseModel]) -> dict[str, Any]:
    """The body for the OpenAPI document, which a dependency does not declare."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
