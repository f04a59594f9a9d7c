"""Session ids of the operator's own checks, which usage leaves out."""

import hashlib
import hmac

_PREFIX = "verify-"
_DIGEST_CHARACTERS = 32
"""128 bits in hexadecimal."""
_TIME_CHARACTERS = 8
_VALID_SECONDS = 3600.0
"""An id that others have read, in a log for example, is of no use after an hour."""

MAX_NAME_CHARACTERS = 15
"""With such a name the id has the 64 characters that an id may have."""


def uncounted_session_id(name: str, secret: str, now: float) -> str:
    """An id with a name, which consists of characters of session ids. ``now`` is in Unix seconds."""
    signed = f"{_PREFIX}{int(now):0{_TIME_CHARACTERS}x}-{name}"
    return f"{signed}.{_digest(signed, secret)}"


def is_uncounted(session_id: str, secret: str, now: float) -> bool:
    """Whether the id was made with this secret within the last hour: a user without the secret can make none."""
    signed, _, digest = session_id.rpartition(".")
    if not signed.startswith(_PREFIX) or not hmac.compare_digest(digest.encode(), _digest(signed, secret).encode()):
        return False
    made_at = int(signed[len(_PREFIX) :][:_TIME_CHARACTERS], 16)
    return abs(now - made_at) < _VALID_SECONDS


def _digest(signed: str, secret: str) -> str:
    return hmac.digest(secret.encode(), signed.encode(), hashlib.sha256).hex()[:_DIGEST_CHARACTERS]
