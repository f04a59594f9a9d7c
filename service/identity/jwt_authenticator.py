"""Checks JSON Web Tokens: the header and the signature here, the claims by ``service.access.claims``."""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from service.access.claims import ClaimRules
from service.access.principal import AccessRefusal, Principal
from service.identity.key_source import KeySource

MAX_TOKEN_LENGTH = 8192

_FORBIDDEN = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64"})
"""Header parameters that name a key, change what is signed, or demand what the service does not have."""


class _Algorithms(JWSRegistry):
    """The algorithms of the setting; any other name, ``none`` too, is unknown."""

    max_header_length = 2048
    max_signature_length = 2048

    def __init__(self, algorithms: Collection[str]) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)  # RFC 7515: unknown parameters are ignored
        self._allowed = {name: self.algorithms[name] for name in algorithms}

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - its type is private to the library
        """Return the algorithm. Unlike the library, do not warn of the name EdDSA, which issuers still use."""
        if name not in self._allowed:
            raise UnsupportedAlgorithmError(name)
        return self._allowed[name]


class JwtAuthenticator:
    """Implements ``Authenticator``. Only the setting decides by which algorithm a token is verified.

    A key is chosen by algorithm and ``kid``, among those that fit the algorithm; so a public key is never a secret.
    """

    def __init__(self, keys: KeySource, algorithms: Collection[str], rules: ClaimRules) -> None:
        self._keys = keys
        self._algorithms = frozenset(algorithms)
        self._registry = _Algorithms(algorithms)
        self._rules = rules

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keep the keys up to date within the context."""
        return self._keys.running()

    async def authenticate(self, token: str, now: float) -> Principal | AccessRefusal:
        signature = self._read(token)
        if signature is None:
            return AccessRefusal.INVALID
        header = signature.protected
        keys = await self._keys.candidates(header["alg"], header.get("kid"))
        if keys is None:
            return AccessRefusal.UNAVAILABLE
        if not any(self._verifies(signature, key) for key in keys):
            return AccessRefusal.INVALID
        claims = _decode(signature.payload)
        return AccessRefusal.INVALID if claims is None else self._rules.principal(claims, now)

    def _read(self, token: str) -> CompactSignature | None:
        """Return the parts of a token whose header is allowed."""
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            return None
        try:
            signature = extract_compact(token.encode(), None, self._registry)
            header = signature.protected
            allowed = header["alg"] in self._algorithms and _FORBIDDEN.isdisjoint(header)
            return signature if allowed and isinstance(header.get("kid", ""), str) else None
        except Exception:  # noqa: BLE001 - of a library, for any input
            return None

    def _verifies(self, signature: CompactSignature, key: Key) -> bool:
        try:
            return validate_compact(signature, key, registry=self._registry)
        except Exception:  # noqa: BLE001 - as above
            return False


def _decode(payload: bytes) -> Mapping[str, object] | None:
    try:
        return msgspec.json.decode(payload, type=dict[str, object])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
