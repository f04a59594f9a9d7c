"""The key of a session in a store: of its space and its id; and that of its live streams."""

import hashlib

_DIGEST_CHARACTERS = 32
"""128 bits in hexadecimal: no two spaces share one, and none is guessed."""


def session_key(space: str, session_id: str) -> str:
    """The id itself without a space. With one, a ``/``, which no id has, follows the digest of the space."""
    if not space:
        return session_id
    return f"{hashlib.sha256(space.encode()).hexdigest()[:_DIGEST_CHARACTERS]}/{session_id}"


def live_key(key: str, secret: bytes | None) -> str:
    """The key of the live streams of a session, of its own key and the digest of its secret.

    A session may end before its streams do. Without the secret, the next one with the same id has others.
    """
    if secret is None:
        return key
    return f"{key}~{hashlib.sha256(key.encode() + b'~' + secret).hexdigest()[:_DIGEST_CHARACTERS]}"


def session_id_of(key: str) -> str:
    """The id from which the key was made."""
    return key.rpartition("/")[2]
