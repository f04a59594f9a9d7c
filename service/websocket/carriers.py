"""How a handshake brings a token, or the secret of a session: in headers, or in subprotocols."""

import hashlib
from base64 import b64decode
from collections.abc import Iterable, Sequence

from msgspec import Struct

from service.events import TokenCarrier

SUBPROTOCOL = "streaming.v1"
"""The one that the service accepts: of those that a browser offers, one has to be."""

_BEARER = "bearer."
_SECRET = "secret."  # noqa: S105 - a prefix
_AUTHORIZATION = b"authorization"
_SESSION_SECRET = b"x-session-secret"

Headers = Iterable[tuple[bytes, bytes]]


class InvalidSecret(ValueError):
    """The secret of a session is not base64url, or there is more than one."""


class Credentials(Struct, frozen=True):
    """What a handshake brings. Nothing in it is checked."""

    subprotocol: str | None = None
    """To accept, if it is offered."""
    carrier: TokenCarrier | None = None
    """Of the token; ``None`` if there is none yet."""
    token: str = ""


def read_credentials(headers: Headers, subprotocols: Sequence[str]) -> Credentials:
    """Read the token: of a header before that of a subprotocol, which needs ``SUBPROTOCOL`` beside it.

    With two, it is ambiguous which one another program on the way has read: the token is then empty, and never valid.
    """
    accepted = SUBPROTOCOL if SUBPROTOCOL in subprotocols else None
    bearers = bearer_tokens(headers)
    if bearers:
        return Credentials(accepted, TokenCarrier.HEADER, _only(bearers))
    offered = [name.removeprefix(_BEARER) for name in subprotocols if name.startswith(_BEARER)]
    if accepted is not None and offered:
        return Credentials(accepted, TokenCarrier.SUBPROTOCOL, _only(offered))
    return Credentials(accepted)


def read_secret(headers: Headers, subprotocols: Sequence[str]) -> bytes | None:
    """Return the SHA-256 of the secret of a session; ``None`` if there is none. Raises ``InvalidSecret``."""
    secrets = [value for name, value in headers if name == _SESSION_SECRET]
    if SUBPROTOCOL in subprotocols:
        secrets += [_decode(name.removeprefix(_SECRET)) for name in subprotocols if name.startswith(_SECRET)]
    if not secrets:
        return None
    if len(secrets) > 1 or not secrets[0]:
        raise InvalidSecret
    return hashlib.sha256(secrets[0]).digest()


def bearer_tokens(headers: Headers) -> list[str]:
    """The tokens of all ``Authorization: Bearer`` headers; another scheme is of a proxy, and none for the service."""
    values = [value.decode("latin-1") for name, value in headers if name == _AUTHORIZATION]
    schemes = [value.strip().partition(" ") for value in values]
    return [token.strip() for scheme, _, token in schemes if scheme.lower() == "bearer"]


def _only(tokens: Sequence[str]) -> str:
    return tokens[0] if len(tokens) == 1 else ""


def _decode(text: str) -> bytes:
    try:
        return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InvalidSecret from None
