"""The guard of the routes that only administrators may use, where authentication is on."""

from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Scope
from service.events import TokenCarrier, TokenRefused
from service.session.ports import Recorder
from service.websocket.access_control import AccessControl


class _OneBearer(HTTPBearer):
    """No credentials for several headers: it is ambiguous which one a proxy has read."""

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        several = len(request.headers.getlist("authorization")) > 1
        return None if several else await super().__call__(request)


BearerCredentials = Annotated[
    HTTPAuthorizationCredentials | None, Depends(_OneBearer(scheme_name="HTTPBearer", auto_error=False))
]

_ADVICE = {
    AccessRefusal.MISSING: "This needs a token with the scope admin: Authorization: Bearer <token>.",
    AccessRefusal.FORBIDDEN: "This needs a token with the scope admin.",
    AccessRefusal.UNAVAILABLE: "The token cannot be checked now. Try again in some seconds.",
}
_RETRY_AFTER_SECONDS = 5


class AdminGuard:
    """A dependency of routes: the principal of a token with the scope ``admin``, or 401, 403 or 503."""

    def __init__(self, access: AccessControl, recorder: Recorder) -> None:
        self._access = access
        self._recorder = recorder

    async def __call__(self, credentials: BearerCredentials) -> Principal:
        checked = await self._check("" if credentials is None else credentials.credentials)
        if isinstance(checked, Principal):
            return checked
        self._recorder.record(TokenRefused(checked, TokenCarrier.HTTP))
        headers = {
            401: {"WWW-Authenticate": "Bearer"},
            503: {"Retry-After": str(_RETRY_AFTER_SECONDS)},
        }.get(checked.status)
        raise HTTPException(checked.status, _ADVICE.get(checked, checked.sentence), headers)

    async def _check(self, token: str) -> Principal | AccessRefusal:
        if not token:
            return AccessRefusal.MISSING
        checked = await self._access.authenticate(token)
        if isinstance(checked, Principal) and Scope.ADMIN not in checked.grant.scopes:
            return AccessRefusal.FORBIDDEN
        return checked
