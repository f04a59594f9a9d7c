"""Checks API keys against the store, with a cache."""

import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from hmac import compare_digest
from typing import NamedTuple

from service.access.api_key import KEY_PREFIX, ApiKey, key_digest
from service.access.principal import AccessRefusal, Principal
from service.access.revocation import KEY_REVOCATION_KEPT_SECONDS
from service.session.ports import StoreUnavailable

CACHE_SECONDS = 60.0
CACHED_KEYS = 10_000

_KEY = re.compile(re.escape(KEY_PREFIX) + "[A-Za-z0-9_-]{43}")


class _Cached(NamedTuple):
    key: ApiKey
    read_at: float


class KeyAuthenticator:
    """Implements ``Authenticator``.

    A key is cached for ``CACHE_SECONDS``, and while the store is unavailable for ``KEY_REVOCATION_KEPT_SECONDS``: for
    so long a revocation since then is in ``RevokedTokens``. It is looked up by its SHA-256, so the time of a comparison
    reveals nothing of a key.
    """

    def __init__(self, find_key: Callable[[bytes], Awaitable[ApiKey | None]]) -> None:
        """``find_key`` is that of an ``AccessStore``."""
        self._find_key = find_key
        self._cached: dict[bytes, _Cached] = {}

    def running(self) -> AbstractAsyncContextManager[None]:
        """Needs nothing in the background."""
        return nullcontext()

    async def authenticate(self, token: str, now: float) -> Principal | AccessRefusal:
        if _KEY.fullmatch(token) is None:
            return AccessRefusal.INVALID
        digest = key_digest(token)
        cached = self._cached.get(digest)
        if cached is not None and 0 <= now - cached.read_at < CACHE_SECONDS:
            return cached.key.principal(now)
        try:
            key = await self._find_key(digest)
        except StoreUnavailable:
            if cached is None or now - cached.read_at >= KEY_REVOCATION_KEPT_SECONDS:
                return AccessRefusal.UNAVAILABLE
            return cached.key.principal(now)
        self._cached.pop(digest, None)
        if key is None or not compare_digest(key.digest, digest):
            return AccessRefusal.INVALID
        if len(self._cached) >= CACHED_KEYS:
            del self._cached[next(iter(self._cached))]
        self._cached[digest] = _Cached(key, now)
        return key.principal(now)
