"""An issuer of tokens with keys of all kinds, and a service that trusts it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from service.access.claims import ClaimRules
from service.identity.jwt_authenticator import JwtAuthenticator
from service.identity.key_set import read_key_set
from service.identity.key_source import FixedKeys

NOW = 1_800_000_000.0
RULES = ClaimRules("https://issuer.example", "streaming", "sub", 30 * 86_400.0)
CLAIMS: Mapping[str, Any] = {
    "iss": "https://issuer.example",
    "aud": "streaming",
    "sub": "user",
    "scope": "stream",
    "iat": NOW - 60,
    "exp": NOW + 3600,
    "jti": "t1",
}

HMAC = ("HS256", "HS384", "HS512")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS = (*HMAC, *RSA, "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def key_of(algorithm: str, name: str = "issuer") -> Key:
    """The private key, or the secret, with which an issuer signs; another one for each name."""
    return _key(algorithm, name)


@cache
def _key(algorithm: str, name: str) -> Key:
    if algorithm in HMAC:
        return secret_key(hashlib.sha256(f"{name} {algorithm}".encode()).hexdigest().encode())
    if algorithm in RSA:
        return _rsa(name)
    if algorithm.startswith("ES"):
        return ECKey.generate_key({"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[algorithm])
    return OKPKey.generate_key("Ed25519")


def secret_key(secret: bytes) -> OctKey:
    """Any bytes as a secret: an attacker is not bound by the checks of the library."""
    return OctKey(secret, secret)


@cache
def _rsa(_name: str) -> RSAKey:
    return RSAKey.generate_key(2048)


def public(key: Key) -> bytes:
    """The form in which the service has the key: PEM, or the secret."""
    return key.raw_value if isinstance(key, OctKey) else key.as_pem(private=False)


def jwk(key: Key, **members: object) -> dict[str, Any]:
    """The public JWK of the key; of a secret, the secret."""
    return {**key.as_dict(private=isinstance(key, OctKey)), **members}


def signed(header: object, payload: bytes, key: Key, algorithm: str) -> str:
    """A token with any header and payload, and the signature of the key by the algorithm."""
    signing_input = f"{encoded(json.dumps(header).encode())}.{encoded(payload)}"
    if algorithm in HMAC:
        assert isinstance(key, OctKey)
        signature = hmac.digest(key.raw_value, signing_input.encode(), f"sha{algorithm[2:]}")
    else:
        signature = JWSRegistry.algorithms[algorithm].sign(signing_input.encode(), key)
    return f"{signing_input}.{encoded(signature)}"


def token(algorithm: str, *, header: Mapping[str, object] | None = None, by: str = "issuer", **claims: Any) -> str:  # noqa: ANN401 - JSON
    """A token with the valid claims, changed; a claim of ``...`` is absent."""
    payload = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not ...}
    head = {"typ": "JWT", "alg": algorithm, **(header or {})}
    return signed(head, json.dumps(payload).encode(), key_of(algorithm, by), algorithm)


def authenticator(*algorithms: str, keys: bytes | None = None) -> JwtAuthenticator:
    """A service that allows the algorithms, with ``keys`` or the key of the first one."""
    content = public(key_of(algorithms[0])) if keys is None else keys
    return JwtAuthenticator(FixedKeys(read_key_set(content, algorithms)), algorithms, RULES)
