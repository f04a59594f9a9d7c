"""JSON Web Tokens: headers, signatures, and that only a valid signature is refused with more than INVALID."""

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.principal import AccessRefusal, Principal
from service.identity.jwt_authenticator import MAX_TOKEN_LENGTH
from tests.unit.identity.attempts import make_attempts
from tests.unit.identity.issuer import (
    ALGORITHMS,
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

PAYLOAD = json.dumps(dict(CLAIMS)).encode()
INVALID = AccessRefusal.INVALID


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_token_is_valid_with_its_algorithm_and_invalid_with_any_other(algorithm: str) -> None:
    valid = token(algorithm)
    result = await authenticator(algorithm).authenticate(valid, NOW)
    assert isinstance(result, Principal)
    assert (result.issuer, result.subject, result.token_id) == ("https://issuer.example", "user", "t1")
    for other in ALGORITHMS:
        if other != algorithm:
            assert await authenticator(other).authenticate(valid, NOW) is INVALID


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
async def test_only_a_valid_signature_is_refused_as_expired(algorithm: str) -> None:
    service = authenticator(algorithm)
    expired: dict[str, Any] = {"iat": NOW - 7200, "exp": NOW - 3600}
    assert await service.authenticate(token(algorithm, **expired), NOW) is AccessRefusal.EXPIRED
    assert await service.authenticate(token(algorithm, by="stranger", **expired), NOW) is INVALID
    assert await service.authenticate(token(algorithm, **expired)[:-4] + "AAAA", NOW) is INVALID


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS256 ", "hs256", "RS1", "dir"])
async def test_an_algorithm_that_the_setting_does_not_name_is_refused(name: str) -> None:
    head = encoded(json.dumps({"alg": name}).encode())
    for service in (authenticator("HS256"), authenticator("RS256")):
        for signature in ("", encoded(b"x" * 32)):
            assert await service.authenticate(f"{head}.{encoded(PAYLOAD)}.{signature}", NOW) is INVALID


async def test_a_public_key_is_no_secret() -> None:
    public_key = public(key_of("RS256"))
    for secret in (public_key, public_key.strip(), json.dumps(jwk(key_of("RS256"))).encode()):
        forged = signed({"alg": "HS256"}, PAYLOAD, secret_key(secret), "HS256")
        for service in (authenticator("RS256"), authenticator("RS256", "PS256", "ES256", "EdDSA")):
            assert await service.authenticate(forged, NOW) is INVALID


@pytest.mark.parametrize(
    "parameter",
    [
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/cert"},
        {"jwk": jwk(key_of("ES256"))},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"b64": True},
        {"b64": False, "crit": ["b64"]},
        {"kid": 5},
        {"kid": ["a"]},
        {"kid": None},
        {"alg": ["ES256"]},
        {"alg": None},
    ],
)
async def test_a_header_that_names_keys_or_demands_more_is_refused_with_a_valid_signature(
    parameter: dict[str, object],
) -> None:
    for header in (parameter, {"kid": "a", **parameter}):
        assert await authenticator("ES256").authenticate(token("ES256", header=header), NOW) is INVALID


async def test_an_unknown_header_is_ignored() -> None:
    result = await authenticator("ES256").authenticate(token("ES256", header={"cat": "x", "cty": "y"}), NOW)
    assert isinstance(result, Principal)


@pytest.mark.parametrize("header", ["alg", ["alg"], 5, None, {}, {"alg": {}}])
async def test_a_header_that_is_none_is_refused(header: object) -> None:
    assert await authenticator("ES256").authenticate(signed(header, PAYLOAD, key_of("ES256"), "ES256"), NOW) is INVALID


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"[]", b'"text"', b"{", b"\xff", b'{"exp":1e999}', b"[" * 3000, b'{"a":' * 900, PAYLOAD * 2],
)
async def test_a_payload_that_has_no_claims_is_refused_with_a_valid_signature(payload: bytes) -> None:
    for algorithm in ("HS256", "ES256"):
        valid = signed({"alg": algorithm}, payload, key_of(algorithm), algorithm)
        assert await authenticator(algorithm).authenticate(valid, NOW) is INVALID


async def test_a_token_has_at_most_eight_kilobytes() -> None:
    largest = token("HS256", pad="")
    room = (MAX_TOKEN_LENGTH - len(largest)) * 3 // 4
    service = authenticator("HS256")
    assert isinstance(await service.authenticate(token("HS256", pad="x" * room), NOW), Principal)
    assert await service.authenticate(token("HS256", pad="x" * (room + 4)), NOW) is INVALID


async def test_keys_are_rotated_by_their_kid() -> None:
    old, new = key_of("ES256"), key_of("ES256", "next")
    keys = json.dumps({"keys": [jwk(old, kid="old"), jwk(new, kid="new")]}).encode()
    service = authenticator("ES256", keys=keys)
    valid = [token("ES256", header={"kid": "old"}), token("ES256", header={"kid": "new"}, by="next"), token("ES256")]
    for one in valid:
        assert isinstance(await service.authenticate(one, NOW), Principal)
    for header, by in (({"kid": "old"}, "next"), ({"kid": "new"}, "issuer"), ({"kid": "other"}, "issuer")):
        assert await service.authenticate(token("ES256", header=header, by=by), NOW) is INVALID


VALID = token("ES256")
segments = st.one_of(
    st.text(max_size=40), st.builds(encoded, st.binary(max_size=60)), st.sampled_from(VALID.split("."))
)


@given(st.lists(segments, max_size=5).map(".".join))
async def test_any_text_is_refused_and_raises_nothing(text: str) -> None:
    for algorithm in ("HS256", "ES256"):
        result = await authenticator(algorithm).authenticate(text, NOW)
        assert result is INVALID or (algorithm == "ES256" and text == VALID)


async def check_attempts(number: int) -> Counter[str]:
    """Make attempts to enter, and valid ones between them; return how many of each kind were refused."""
    refused: Counter[str] = Counter()
    for attempt in make_attempts(random.Random(20261130), number):
        assert await attempt.enters() == attempt.valid, f"{attempt.kind}: {attempt.token}"
        refused[attempt.kind] += not attempt.valid
    return refused


async def test_no_attempt_enters() -> None:
    refused = await check_attempts(3000)
    assert min(count for kind, count in refused.items() if kind != "valid") > 20


@pytest.mark.proof
async def test_no_attempt_of_many_enters(record_property: Callable[[str, object], None]) -> None:
    """Forged, changed, foreign, expired and revoked tokens, foreign sessions and guessed keys: none enters."""
    refused = await check_attempts(100_000)
    record_property("attempts", refused.total())
    record_property("kinds", len(+refused))
    record_property("entered", 0)
    assert refused.total() >= 100_000
