"""Users of a service with authentication, and their tokens."""

import base64
import hmac
import json
import time
from typing import Any

from service.asyncapi.conversations import WITH_TOKENS
from streaming_content import connect
from tests.clients.direct import joined
from tests.conftest import RunningServer

LIFE_SECONDS = 3600


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def token(subject: str = "u-1", seconds: float = LIFE_SECONDS, **claims: object) -> str:
    """A token of the issuer that expires after ``seconds``; a claim of ``...`` is absent."""
    now = time.time()
    payload = {
        "iss": WITH_TOKENS["AUTH_JWT_ISSUER"],
        "aud": WITH_TOKENS["AUTH_JWT_AUDIENCE"],
        "sub": subject,
        "scope": "stream",
        "iat": now - 1,
        "exp": now + seconds,
    } | claims
    payload = {name: value for name, value in payload.items() if value is not ...}
    parts = [_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, payload)]
    signed = ".".join(parts)
    return f"{signed}.{_encoded(hmac.digest(WITH_TOKENS['AUTH_JWT_KEY'].encode(), signed.encode(), 'sha256'))}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def entered(server: RunningServer, session_id: str, token: str, **options: Any) -> connect:  # noqa: ANN401
    """A connection with the token in its header, for ``async with`` or ``await``."""
    return joined(server, session_id, additional_headers=bearer(token), **options)
