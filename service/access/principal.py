"""Who is connected: what a valid token states, and why another one is refused."""

import hashlib
from enum import Enum

from msgspec import Struct

from service.access.scope import Grant
from service.protocol.close_codes import CloseCode

_SEPARATOR = "\x1f"
"""In no issuer, so that two different users have two names."""
_DIGEST_CHARACTERS = 16


class Principal(Struct, frozen=True):
    """The user or the service that a token was issued to. Times are epoch seconds. The token itself is not kept."""

    issuer: str
    subject: str
    """Never a label of a metric: there is no bound on their number."""
    space: str
    """The namespace of its sessions; empty without authentication."""
    grant: Grant
    token_id: str = ""
    """The ``jti`` of a JWT or the id of an API key; empty if the token has none."""
    issued_at: float | None = None
    expires_at: float | None = None
    """``None`` for an API key that does not expire."""

    @property
    def name(self) -> str:
        """Distinct for each issuer and subject."""
        return f"{self.issuer}{_SEPARATOR}{self.subject}"

    @property
    def pseudonym(self) -> str:
        """Stands for the user where its subject must not appear: the beginning of the SHA-256 of its name, in hex."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:_DIGEST_CHARACTERS]

    def continues(self, earlier: "Principal") -> bool:
        """Whether its token may replace the earlier one on an open connection: the same user in the same space."""
        return (self.issuer, self.subject, self.space) == (earlier.issuer, earlier.subject, earlier.space)


class AccessRefusal(Enum):
    """Why a token is refused: the sentence for the client, the HTTP status and the close code.

    Only a token whose signature is valid, or a known key, is refused with more than ``INVALID``.
    """

    sentence: str
    status: int
    close: CloseCode

    def __init__(self, sentence: str, status: int, close: CloseCode) -> None:
        self.sentence = sentence
        self.status = status
        self.close = close

    MISSING = (
        "A token is required. Send it as Authorization: Bearer, as a subprotocol, or in an auth message.",
        401,
        CloseCode.UNAUTHENTICATED,
    )
    INVALID = "The token is not valid here. Get a new one from your application.", 401, CloseCode.UNAUTHENTICATED
    EXPIRED = "The token has expired. Get a new one and reconnect.", 401, CloseCode.TOKEN_EXPIRED
    REVOKED = "The token was revoked. Sign in again.", 401, CloseCode.TOKEN_REVOKED
    FORBIDDEN = "The token does not allow this. Ask for its scope and its sessions.", 403, CloseCode.FORBIDDEN
    UNAVAILABLE = "The token cannot be checked now. Reconnect in some seconds.", 503, CloseCode.AUTH_UNAVAILABLE

    @property
    def label(self) -> str:
        """Its name in metrics and logs."""
        return self.name.lower()
