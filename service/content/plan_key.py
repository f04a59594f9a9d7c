"""What a plan depends on, so that one that was made before can be found again."""

from hashlib import sha256

import msgspec

from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest

CHUNKER_VERSION = 1
"""Raised whenever the same content gives another plan: other chunks, figures or safe HTML. A test notices."""


def plan_key(request: StreamRequest, limits: Limits, scope: str) -> bytes:
    """The same for two requests if, and only if, they have the same plan; ``scope`` is what else must be the same.

    32 bytes, from which nobody learns the content.
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
        request.content,
    )
    return sha256(msgspec.msgpack.encode(depends_on)).digest()
