"""A Lua script, which Redis executes atomically."""

import hashlib

from msgspec import Struct


class Script(Struct, frozen=True):
    text: str
    digest: str
    """The name under which Redis has cached the script after its first call."""


def script(text: str, *shared: str) -> Script:
    """A script that begins with functions that it shares with others."""
    text = "".join((*shared, text))
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
