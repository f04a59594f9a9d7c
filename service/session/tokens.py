"""Resume tokens and claims.

The holder of a token may read the streams that were started with it. Only its SHA-256 is stored, and digests are
compared in constant time.
"""

import hashlib
import hmac
from collections.abc import Iterable

from msgspec import UNSET

from service.protocol.messages import StreamRequest
from service.session.records import Claim, Digest


def digest_of(token: str) -> Digest:
    return hashlib.sha256(token.encode()).digest()


def token_matches(presented: Digest, owners: Iterable[Digest]) -> bool:
    """Whether ``presented`` is one of ``owners``; the time that this takes does not depend on which."""
    return any([hmac.compare_digest(presented, owner) for owner in owners])  # noqa: C419 - compare with all of them


def claim_of(request: StreamRequest, owner: Digest) -> Claim | None:
    """Return the claim of a request on the connection of ``owner``; ``None`` without a ``request_id``."""
    if isinstance(request.request_id, str):
        presented = None if request.token is UNSET else digest_of(request.token)
        return Claim(request.request_id, _fingerprint(request), owner, presented)
    return None


def owners_of(request: StreamRequest, owner: Digest) -> tuple[Digest, ...]:
    """Return the digests under which the request is claimed: their tokens may recover its stream."""
    presented = owner if request.token is UNSET else digest_of(request.token)
    return (owner, presented) if isinstance(request.request_id, str) and presented != owner else (owner,)


def _fingerprint(request: StreamRequest) -> bytes:
    options = (request.content_type, request.speed, request.chunk_by, request.html_mode)
    return hashlib.sha256("\0".join((*options, request.content)).encode()).digest()
