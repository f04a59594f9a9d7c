"""Attempts to enter without a right to: each a token that a service must refuse."""

import json
import random
import string
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from service.access.api_key import ApiKey, key_digest, key_text
from service.access.ports import Authenticator
from service.access.principal import AccessRefusal, Principal
from service.access.revocation import Revocation, RevokedTokens
from service.access.scope import Grant
from service.identity.key_authenticator import KeyAuthenticator
from service.protocol.instant import Instant
from service.websocket.access_control import AccessControl
from tests.unit.identity.issuer import (
    CLAIMS,
    NOW,
    authenticator,
    encoded,
    jwk,
    key_of,
    public,
    secret_key,
    signed,
    token,
)
from tests.unit.identity.memory_access_store import MemoryAccessStore
from tests.unit.identity.recording import Recording
from tests.unit.websocket.in_memory import Ids

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")
PUBLIC = ALGORITHMS[1:]
KEY = key_text(bytes(range(32)))
DAY = 86_400
SESSION = "doc-1"
USER = Principal(CLAIMS["iss"], CLAIMS["sub"], CLAIMS["sub"], Grant.parse(["stream"], None))
LEARNED = {
    "expired": AccessRefusal.EXPIRED,
    "foreign_session": AccessRefusal.FORBIDDEN,
    "without_scope": AccessRefusal.FORBIDDEN,
    "revoked": AccessRefusal.REVOKED,
}
"""The kinds whose signature is valid, for this issuer and audience."""


class Attempt(NamedTuple):
    """A token for a connection to ``SESSION``; for a refresh, of a connection of ``USER``."""

    kind: str
    service: AccessControl
    token: str
    refreshes: bool = False

    @property
    def valid(self) -> bool:
        return self.kind == "valid"

    async def enters(self) -> bool:
        """Whether it is admitted. A refusal has the reason that an attempt of its kind may learn."""
        found = await self.service.enter(self.token, SESSION)
        if isinstance(found, AccessRefusal):
            assert found is LEARNED.get(self.kind, AccessRefusal.INVALID), self.kind
            return False
        return not self.refreshes or found.continues(USER)


def service_with(authenticator: Authenticator) -> AccessControl:
    revoked = RevokedTokens(31 * DAY)
    subject = Revocation(1, CLAIMS["iss"], "", "signed-out", NOW - 1)
    revoked.add([subject, Revocation(2, CLAIMS["iss"], "revoked", "", NOW - 1)], NOW)
    service = AccessControl(authenticator, revoked, lambda: Instant(0.0, NOW), Recording(), Ids())
    service.revocations_read = True
    return service


@cache
def service_for(algorithm: str) -> AccessControl:
    """A service with a secret, or with public keys of all kinds."""
    if algorithm in PUBLIC:
        others = [jwk(key_of(name), kid=name) for name in PUBLIC]
        return service_with(authenticator(*PUBLIC, keys=json.dumps({"keys": others}).encode()))
    return service_with(authenticator(algorithm))


@cache
def key_service() -> AccessControl:
    key = ApiKey("k1", key_digest(KEY), "importer", "importer", ("stream",), ("*",), NOW - DAY)
    return service_with(KeyAuthenticator(MemoryAccessStore([key]).find_key))


def valid(rng: random.Random, algorithm: str, **changes: Any) -> str:  # noqa: ANN401 - JSON
    header = {"kid": algorithm} if rng.random() < 0.5 else {}
    return token(algorithm, header=header, **{"jti": f"{rng.getrandbits(64)}", **changes})


def forged(rng: random.Random, algorithm: str) -> str:
    return token(algorithm, by="attacker", header={"kid": algorithm} if rng.random() < 0.5 else {})


def unsigned(rng: random.Random, algorithm: str) -> str:
    name = "".join(rng.choice((letter, letter.upper())) for letter in "none")
    _, payload, signature = valid(rng, algorithm).split(".")
    return f"{encoded(json.dumps({'alg': name}).encode())}.{payload}.{rng.choice(('', signature))}"


def with_public_key_as_secret(rng: random.Random, algorithm: str) -> str:
    key = key_of(rng.choice(PUBLIC))
    secret = rng.choice((public(key), public(key).strip(), json.dumps(jwk(key)).encode(), public(key)[27:-26]))
    name = rng.choice(("HS256", "HS384", "HS512"))
    return signed({"alg": name, "kid": algorithm}, _payload(rng), secret_key(secret), name)


def with_other_algorithm(rng: random.Random, algorithm: str) -> str:
    other = rng.choice([name for name in ALGORITHMS if name != algorithm])
    return signed({"alg": algorithm}, _payload(rng), key_of(other), other)


def with_own_key(rng: random.Random, algorithm: str) -> str:
    key = key_of(algorithm, "attacker")
    address = "https://attacker.example/keys"
    extra = rng.choice(
        ({"jwk": jwk(key)}, {"jku": address}, {"x5u": address}, {"crit": ["kid"]}, {"kid": "../../dev/null"})
    )
    return token(algorithm, by="attacker", header=extra)


def changed(rng: random.Random, algorithm: str) -> str:
    head, _, signature = valid(rng, algorithm).split(".")
    payload = json.dumps({**CLAIMS, "sub": "admin", "scope": "admin"}).encode()
    return f"{head}.{encoded(payload)}.{signature}"


def damaged(rng: random.Random, algorithm: str) -> str:
    text = valid(rng, algorithm)
    position = rng.randrange(len(text))
    character = rng.choice([one for one in string.ascii_letters + string.digits + "-_." if one != text[position]])
    return text[:position] + character + text[position + 1 :]


def truncated(rng: random.Random, algorithm: str) -> str:
    text = valid(rng, algorithm)
    return text[: rng.randrange(len(text))]


def extended(rng: random.Random, algorithm: str) -> str:
    text = valid(rng, algorithm)
    before, after = rng.choice(
        (("", "."), ("", ".e30"), (".", ""), ("", "="), ("", "\n"), (" ", ""), ("", "\0"), ("Bearer ", ""), ("", text))
    )
    return before + text + after


def foreign(rng: random.Random, algorithm: str) -> str:
    wrong: dict[str, Any] = rng.choice(
        (
            {"aud": rng.choice(("other", "", "streamin", "streaming ", [], ["other"], None, ...))},
            {"iss": rng.choice(("https://issuer.example/", "https://attacker.example", "", None, ...))},
        )
    )
    return valid(rng, algorithm, **wrong)


def expired(rng: random.Random, algorithm: str) -> str:
    end = NOW - rng.uniform(30, 29 * DAY)
    return valid(rng, algorithm, iat=end - 60, exp=end)


def not_yet_valid(rng: random.Random, algorithm: str) -> str:
    begin = NOW + rng.uniform(30.5, DAY)
    return valid(rng, algorithm, exp=begin + DAY, **{rng.choice(("nbf", "iat")): begin})


def incomplete(rng: random.Random, algorithm: str) -> str:
    claim = rng.choice(({"exp": ...}, {"sub": ...}, {"sub": ""}, {"exp": NOW + 31 * DAY}, {"exp": "never"}, {"iat": 0}))
    return valid(rng, algorithm, **claim)


def foreign_session(rng: random.Random, algorithm: str) -> str:
    patterns: tuple[object, ...] = ["doc-2*"], [], ["doc"], ["other/*"], "Doc-1", ["*-1-*", "*2"]
    return valid(rng, algorithm, sessions=rng.choice(patterns))


def without_scope(rng: random.Random, algorithm: str) -> str:
    return valid(rng, algorithm, scope=rng.choice(("", "publish control admin", "STREAM", "stream,watch", [], ...)))


def revoked(rng: random.Random, algorithm: str) -> str:
    claims = {"jti": "revoked"}, {"sub": "signed-out"}, {"sub": "signed-out", "iat": ...}
    return valid(rng, algorithm, **rng.choice(claims))


def refresh_of_another(rng: random.Random, algorithm: str) -> str:
    return valid(rng, algorithm, sub=rng.choice(("User", "user2", "admin", "user ")))


def guessed_key(rng: random.Random, _algorithm: str) -> str:
    position = rng.randrange(3, len(KEY))
    near = KEY[:position] + rng.choice([one for one in "ABCxyz-_" if one != KEY[position]]) + KEY[position + 1 :]
    random_key = key_text(rng.randbytes(32))
    return rng.choice((random_key, near, KEY.lower(), KEY[:position], f"{KEY}A", f"{KEY}\n", KEY[3:]))


def _payload(rng: random.Random) -> bytes:
    return json.dumps({**CLAIMS, "jti": f"{rng.getrandbits(64)}"}).encode()


KINDS: tuple[Callable[[random.Random, str], str], ...] = (
    forged,
    unsigned,
    with_public_key_as_secret,
    with_other_algorithm,
    with_own_key,
    changed,
    damaged,
    truncated,
    extended,
    foreign,
    expired,
    not_yet_valid,
    incomplete,
    foreign_session,
    without_scope,
    revoked,
    refresh_of_another,
    guessed_key,
)


def make_attempts(rng: random.Random, number: int) -> Iterator[Attempt]:
    """Make ``number`` attempts of all kinds, and after each hundred a valid one at each service."""
    for count in range(number):
        kind, algorithm = KINDS[count % len(KINDS)], rng.choice(ALGORITHMS)
        service = key_service() if kind is guessed_key else service_for(algorithm)
        refreshes = kind is refresh_of_another or rng.random() < 0.1
        yield Attempt(kind.__name__, service, kind(rng, algorithm), refreshes)
        if count % 100 == 0:
            yield Attempt("valid", key_service(), KEY)
            for name in ALGORITHMS:
                yield Attempt("valid", service_for(name), valid(rng, name), refreshes=rng.random() < 0.5)
