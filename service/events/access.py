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


class TokenChecked(Struct, frozen=True):
    """The check of a token has ended, of a connection, a refresh or an HTTP request."""

    seconds: float
    """With the wait for keys and for the access store."""


class TokenKeysFetched(Struct, frozen=True):
    """The keys of the issuer were fetched from their address."""


class RevocationsRead(Struct, frozen=True):
    """The revocations in the access store were read for the first time, or there are new ones."""

    known: int
    """Of tokens and of subjects, together."""


class QuotaRefused(Struct, frozen=True):
    """A connection or a request was refused because a quota is used up."""

    kind: QuotaKind
    owner: QuotaOwner
    session_id: str
    subject: str = ""
    """Of the principal; empty without authentication."""


class QuotasUnavailable(Struct, frozen=True):
    """A charge was not made, because the access store did not answer; what it was for is admitted."""


class KeyMade(Struct, frozen=True):
    """The key of a service was made."""

    key_id: str
    subject: str
    """Its name."""
    by: str
    """The user of the system who did it."""


class TokensRevoked(Struct, frozen=True):
    """A token or a key, or all of a subject, were revoked."""

    issuer: str
    token_id: str
    """The ``jti`` or the id of a key; empty if ``subject`` is set."""
    subject: str
    by: str
    """The subject of the principal who did it over HTTP, or the user of the system who ran the command."""
