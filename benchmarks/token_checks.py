"""What the check of a token costs a handshake, without a server."""

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import closing

from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

from benchmarks.measure import SERVICE, Measure
from benchmarks.processes import run_on
from benchmarks.rounds import Run
from service.access.api_key import ApiKey, key_digest, key_text
from service.access.claims import ClaimRules
from service.access.ports import Authenticator
from service.identity.jwt_authenticator import JwtAuthenticator
from service.identity.key_authenticator import KeyAuthenticator
from service.identity.key_set import KeySet, VerificationKey
from service.identity.key_source import FixedKeys

CACHED_KEY = "API key, cached"
SECRET_TOKEN = "JWT, HS256"  # noqa: S105 - a title
ALONE = "signature alone"

_IN_A_ROW = 20
_KEYS: Mapping[str, Callable[[], Key]] = {
    "HS256": lambda: OctKey.generate_key(256),
    "RS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
}


def tokens(run: Run) -> list[Measure]:
    run.report("tokens")
    return [run_on(run.cores.server, measure_tokens, run.scale.rounds, run.scale.token_checks)]


def measure_tokens(rounds: int, checks: int) -> Measure:
    """The CPU of a check by the service, and of the verification of its signature alone."""
    taken = Measure("tokens", "CPU to check a token in a handshake", "ms", compared=False)
    key, service = _key_service()
    for _ in range(rounds):
        taken.add(CACHED_KEY, SERVICE, _check(service, key, checks))
        taken.add(CACHED_KEY, ALONE, _verify(lambda: key_digest(key), checks))
    for algorithm, generate in _KEYS.items():
        token, service, verify = _jwt_service(algorithm, generate())
        for _ in range(rounds):
            taken.add(f"JWT, {algorithm}", SERVICE, _check(service, token, checks))
            taken.add(f"JWT, {algorithm}", ALONE, _verify(verify, checks))
    return taken


def _jwt_service(algorithm: str, key: Key) -> tuple[str, Authenticator, Callable[[], object]]:
    now = time.time()
    claims = {"iss": "https://issuer.example", "aud": "streaming", "sub": "user-1234", "scope": "stream watch"}
    payload = json.dumps({**claims, "iat": now, "exp": now + 3600, "jti": secrets.token_hex(8)})
    registry = JWSRegistry(algorithms=[algorithm])
    token = serialize_compact({"alg": algorithm, "kid": "a"}, payload, key, registry=registry)
    keys = KeySet([VerificationKey(key, frozenset({algorithm}), "a")])
    rules = ClaimRules("https://issuer.example", "streaming", "sub", 86_400)
    signing_input = token.rpartition(".")[0].encode()
    model = registry.algorithms[algorithm]
    signature = model.sign(signing_input, key)
    verify = (
        (lambda: hmac.digest(key.raw_value, signing_input, "sha256"))
        if isinstance(key, OctKey)
        else (lambda: model.verify(signing_input, signature, key))
    )
    return token, JwtAuthenticator(FixedKeys(keys), (algorithm,), rules), verify


def _key_service() -> tuple[str, Authenticator]:
    text = key_text(secrets.token_bytes(32))
    key = ApiKey("k1", key_digest(text), "importer", "importer", ("stream",), ("*",), 0.0)

    async def find_key(_digest: bytes) -> ApiKey:
        return key

    return text, KeyAuthenticator(find_key)


def _check(service: Authenticator, token: str, checks: int) -> float:
    """The least CPU of ten checks in a row, for one, in milliseconds."""
    now = time.time()
    loop = asyncio.new_event_loop()

    async def check() -> None:
        for _ in range(_IN_A_ROW):
            await service.authenticate(token, now)

    with closing(loop):
        return _least(lambda: loop.run_until_complete(check()), checks)


def _verify(verify: Callable[[], object], checks: int) -> float:
    """The same of the signature alone."""

    def work() -> None:
        for _ in range(_IN_A_ROW):
            verify()

    return _least(work, checks)


def _least(work: Callable[[], object], repeats: int) -> float:
    least = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return least * 1000 / _IN_A_ROW
