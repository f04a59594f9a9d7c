"""Resume tokens: what a connection is given so that another can go on with its streams.

Who has one may read the streams that were started with it, so only its hash is ever stored, and hashes are compared in
constant time.
"""

import hashlib
import hmac
from collections.abc import Iterable

from msgspec import UNSET

from service.protocol.messages import StreamRequest
from service.session.records import Claim, Digest


def digest_of(token: str) -> Digest:
    return hashlib.sha256(token.encode()).digest()


def opens(presented: Digest, owners: Iterable[Digest]) -> bool:
    """Whether a token is that of one of the owners; how long it takes tells nothing of them."""
    return any([hmac.compare_digest(presented, owner) for owner in owners])  # noqa: C419 - all, whichever fits


def claim_of(request: StreamRequest, owner: Digest) -> Claim | None:
    """What makes ``request``, which came on the connection of ``owner``, the same when it comes again."""
    if isinstance(request.request_id, str):
        presented = None if request.token is UNSET else digest_of(request.token)
        return Claim(request.request_id, _fingerprint(request), owner, presented)
    return None


def owners_of(request: StreamRequest, owner: Digest) -> tuple[Digest, ...]:
    """Whose tokens open the stream of ``request``: those under which it is claimed."""
    presented = owner if request.token is UNSET else digest_of(request.token)
    return (owner, presented) if isinstance(request.request_id, str) and presented != owner else (owner,)


def _fingerprint(request: StreamRequest) -> bytes:
    options = (request.content_type, request.speed, request.chunk_by, request.html_mode)
    return hashlib.sha256("\0".join((*options, request.content)).encode()).digest()
