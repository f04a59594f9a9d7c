"""The route ``/revocations``, by which an application signs its users out."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Self

from fastapi import APIRouter, Depends, HTTPException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from service.access.claims import MAX_NAME_LENGTH, is_name
from service.access.principal import Principal
from service.access.revocation import Revocation
from service.events import TokensRevoked
from service.http.admin_guard import AdminGuard
from service.http.guarded_body import described_body, guarded_body
from service.protocol.instant import Instant
from service.session.ports import Recorder, StoreUnavailable

_RETRY_AFTER_SECONDS = 5


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError("No token has it: it is not printable.")
    return text


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(_name)]


class TokensToRevoke(BaseModel):
    """One token by its id, or all tokens of a subject that were issued until now."""

    model_config = ConfigDict(extra="forbid")

    token_id: Name | None = None
    """The ``jti`` of a token, or the id of a key."""
    subject: Name | None = None
    issuer: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] | None = None
    """If it is missing, that of the tokens that the service accepts."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.token_id is None) == (self.subject is None):
            raise ValueError("Send either token_id or subject.")
        return self


def revocations_route(
    guard: AdminGuard,
    revoke: Callable[[Revocation], Awaitable[int]],
    issuer: str,
    recorder: Recorder,
    clock: Callable[[], Instant],
) -> APIRouter:
    """The route. ``revoke`` returns how many tokens or keys it concerns; 0 if they are unknown or revoked."""
    router = APIRouter()

    @router.post("/revocations", summary="Revoke tokens", status_code=204, openapi_extra=described_body(TokensToRevoke))
    async def revocations(
        tokens: Annotated[TokensToRevoke, Depends(guarded_body(guard, TokensToRevoke))],
        admin: Annotated[Principal, Depends(guard)],
    ) -> None:
        """Every connection of the tokens closes within a second, in each process, and no other one begins."""
        revocation = Revocation(
            sequence=0,
            issuer=issuer if tokens.issuer is None else tokens.issuer,
            token_id=tokens.token_id or "",
            subject=tokens.subject or "",
            before=clock().wall,
        )
        try:
            found = await revoke(revocation)
        except StoreUnavailable:
            sentence = "The revocation could not be stored. Try again in some seconds."
            raise HTTPException(503, sentence, {"Retry-After": str(_RETRY_AFTER_SECONDS)}) from None
        if not found:
            raise HTTPException(
                404, "There is no such key, it was revoked before, or no token of this issuer is accepted."
            )
        recorder.record(TokensRevoked(revocation.issuer, revocation.token_id, revocation.subject, admin.subject))

    return router
