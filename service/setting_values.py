"""Values of settings that are lists or addresses. What reads one raises ``ValueError`` if it is not allowed."""

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

_Value = TypeVar("_Value")

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+")
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
