"""Events of tokens and quotas."""

from enum import StrEnum

from msgspec import Struct

from service.access.principal import AccessRefusal
from service.access.quota import QuotaOwner
from service.protocol.quota_kind import QuotaKind


class TokenCarrier(StrEnum):
    """How a token arrived."""

    HEADER = "header"
    SUBPROTOCOL = "subprotocol"
    MESSAGE = "message"
    """``auth``, or nothing."""
    REFRESH = "refresh"
    """``auth_refresh``; the connection goes on."""
    HTTP = "http"
    """In the header of an HTTP request."""


class TokenRefused(Struct, frozen=True):
    """A token was not accepted. Nothing of it is recorded."""

    reason: AccessRefusal
    carrier: TokenCarrier
    session_id: str = ""


class QuotaRefused(Struct, frozen=True):
    """A connection or a request was refused because a quota is used up."""

    kind: QuotaKind
    owner: QuotaOwner
    session_id: str


class QuotasUnavailable(Struct, frozen=True):
    """A charge was not made, because the access store did not answer; what it was for is admitted."""


class TokensRevoked(Struct, frozen=True):
    """A token, or all tokens of a subject, were revoked over HTTP."""

    issuer: str
    token_id: str
    """Empty if ``subject`` is set."""
    subject: str
    by: str
    """The subject of the principal who did it."""
