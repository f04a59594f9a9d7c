"""Values of settings that are lists or addresses. What reads one raises ``ValueError`` if it is not allowed."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

_Value = TypeVar("_Value")

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+")
HMAC_ALGORITHMS = frozenset({"HS256", "HS384", "HS512"})
SIGNATURE_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
_BEARER_SECRET = re.compile(r"[A-Za-z0-9._~+/-]{16,}=*")
_EXAMPLE = re.compile(
    r"change.?me|example|placeholder|your.?token|^(?:my.?)?(?:secret|token|password)|publish.?token", re.IGNORECASE
)
_DIFFERENT_CHARACTERS = 8
_TAG = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def read_origins(text: str) -> frozenset[str]:
    """Return the origins in a list separated by commas."""
    origins = [origin.strip().rstrip("/") for origin in text.split(",")]
    for origin in origins:
        if origin != "*" and _ORIGIN.fullmatch(origin) is None:
            raise ValueError(origin)
    return frozenset(origins)


def read_tags(text: str) -> tuple[str, ...]:
    """Return the names of tags in a list separated by commas, in lower case; of ``none`` no name."""
    tags = tuple(tag.strip().lower() for tag in text.split(","))
    if tags == ("none",):
        return ()
    for tag in tags:
        if _TAG.fullmatch(tag) is None:
            raise ValueError(tag)
    return tags


def read_algorithms(text: str) -> tuple[str, ...]:
    """Return the algorithms of signatures in a list separated by commas: all with a secret, or all with a public key.

    With both, a client could use a public key as the secret.
    """
    algorithms = tuple(name.strip() for name in text.split(",") if name.strip())
    if not (HMAC_ALGORITHMS.issuperset(algorithms) or SIGNATURE_ALGORITHMS.issuperset(algorithms)):
        raise ValueError(text)
    return algorithms


def read_jwks_url(text: str) -> None:
    """Check the address of a JWK set: only TLS proves whose keys they are."""
    if text:
        parts = urlsplit(text)
        if parts.hostname is None or parts.username is not None or parts.fragment:
            raise ValueError(text)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise ValueError(text)
        _ = parts.port  # raises ValueError for an invalid port


def is_loopback(host: str) -> bool:
    """Return whether the host is reached only from this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def server_url(*schemes: str) -> Callable[[SecretStr | None], None]:
    """Return a function that checks the address of a server, which has one of the schemes."""

    def read(value: SecretStr | None) -> None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in schemes or not (parts.netloc or parts.path):
                raise ValueError
            _ = parts.port  # raises ValueError for an invalid port

    return read


def read_dsn(value: SecretStr | None) -> None:
    """Check the DSN of a Sentry project."""
    if value is not None:
        parts = urlsplit(value.get_secret_value())
        project = parts.path.rpartition("/")[2]
        if parts.scheme not in ("http", "https") or not (parts.username and parts.hostname and project.isdecimal()):
            raise ValueError
        _ = parts.port  # raises ValueError for an invalid port


def read_bearer_secret(value: SecretStr | None) -> None:
    """Check a secret that is sent as a bearer token (RFC 6750 section 2.1): what is certainly an example is none."""
    if value is not None:
        secret = value.get_secret_value()
        if (
            _BEARER_SECRET.fullmatch(secret) is None
            or len(set(secret)) < _DIFFERENT_CHARACTERS
            or _EXAMPLE.search(secret)
        ):
            raise ValueError


def checked_by(read: Callable[[_Value], object]) -> AfterValidator:
    """Return a validator that keeps the value as written if ``read`` accepts it."""

    def check(value: _Value) -> _Value:
        read(value)
        return value

    return AfterValidator(check)


def upper_case(value: object) -> object:
    """Return text in upper case."""
    return value.upper() if isinstance(value, str) else value


def lower_case(value: object) -> object:
    """Return text in lower case."""
    return value.lower() if isinstance(value, str) else value
