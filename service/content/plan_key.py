"""The key of a plan in caches."""

from hashlib import sha256

import msgspec

from service.content.rules import ContentRules
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest

CHUNKER_VERSION = 3
"""Incremented whenever the same content gives another plan: chunks, statistics or safe HTML. A test holds a digest."""


def plan_key(request: StreamRequest, limits: Limits, rules: ContentRules, scope: str) -> bytes:
    """Return 32 bytes that are equal for two requests exactly if they have the same plan and ``scope``.

    The key is a hash: it does not reveal the content.
    """
    depends_on = (
        CHUNKER_VERSION,
        scope,
        request.content_type,
        request.speed,
        request.chunk_by,
        request.html_mode,
        limits.max_prepared_characters,
        limits.max_chunk_characters,
        rules.key(),
        request.content,
    )
    return sha256(msgspec.msgpack.encode(depends_on)).digest()
