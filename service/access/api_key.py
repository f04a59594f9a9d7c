"""The keys of services: opaque tokens that are stored as their digests."""

import hashlib
from base64 import urlsafe_b64encode

from msgspec import Struct

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Grant

KEY_PREFIX = "sk_"
"""Of each key, so that scanners find one that was published by mistake."""
KEY_ISSUER = "keys"
"""The issuer of the principals of all keys, and of their revocations."""


class ApiKey(Struct, frozen=True):
    """A key of a service as it is stored. Times are epoch seconds."""

    key_id: str
    digest: bytes
    """SHA-256 of the key, which itself is not stored."""
    name: str
    """The subject of its principal."""
    space: str
    scopes: tuple[str, ...]
    sessions: tuple[str, ...]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None

    def principal(self, now: float) -> Principal | AccessRefusal:
        """Return the principal at ``now``, in epoch seconds, or why there is none."""
        if self.revoked_at is not None:
            return AccessRefusal.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return AccessRefusal.EXPIRED
        try:
            grant = Grant.parse(self.scopes, self.sessions)
        except ValueError:  # another version stored it
            return AccessRefusal.INVALID
        return Principal(
            issuer=KEY_ISSUER,
            subject=self.name,
            space=self.space,
            grant=grant,
            token_id=self.key_id,
            issued_at=self.created_at,
            expires_at=self.expires_at,
        )


def key_text(secret: bytes) -> str:
    """Return the key that a client sends, of 32 random bytes."""
    return KEY_PREFIX + urlsafe_b64encode(secret).rstrip(b"=").decode()


def key_digest(key: str) -> bytes:
    """Return the digest under which the store keeps a key. The key is random, so a fast hash protects it."""
    return hashlib.sha256(key.encode()).digest()
