"""The key of a session in a store: of its space and its id."""

import hashlib

_DIGEST_CHARACTERS = 32
"""128 bits in hexadecimal: no two spaces share one, and none is guessed."""


def session_key(space: str, session_id: str) -> str:
    """The id itself without a space. With one, a ``/``, which no id has, follows the digest of the space."""
    if not space:
        return session_id
    return f"{hashlib.sha256(space.encode()).hexdigest()[:_DIGEST_CHARACTERS]}/{session_id}"


def session_id_of(key: str) -> str:
    """The id from which the key was made."""
    return key.rpartition("/")[2]
