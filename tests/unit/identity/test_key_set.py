"""Keys in all their forms, and those that are refused."""

import base64
import hashlib
import json
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.identity.key_set import MAX_KEYS, MAX_TRIES, KeySet, UnusableKeys, VerificationKey, read_key_set
from tests.unit.identity.issuer import ALGORITHMS, HMAC, encoded, jwk, key_of, public

RSA_PEM = public(key_of("RS256"))
EC_PEM = public(key_of("ES256"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_read_in_every_form_and_found_for_its_algorithm_only(algorithm: str) -> None:
    key = key_of(algorithm)
    others = {"ES256": "RS256", "EdDSA": "ES256"}.get(algorithm, "EdDSA" if algorithm not in HMAC else "HS256")
    for content in (
        public(key),
        b"\n" + json.dumps(jwk(key)).encode() + b"\n",
        json.dumps({"keys": [jwk(key, use="sig", key_ops=["verify"])]}).encode(),
    ):
        keys = read_key_set(content, {algorithm})
        [found] = keys.candidates(algorithm, None)
        assert found.key_type == key.key_type
        assert keys.candidates(algorithm, "any") == [found], "a key without kid may have signed any"
        assert others == algorithm or keys.candidates(others, None) == []


def test_several_pem_blocks_are_several_keys_also_with_escaped_line_breaks() -> None:
    text = RSA_PEM + b"a comment\n" + public(key_of("RS256", "next")) + EC_PEM
    for content in (text, text.replace(b"\n", b"\\n")):
        keys = read_key_set(content, ("RS256", "ES256"))
        assert [len(keys.candidates(name, None)) for name in ("RS256", "ES256")] == [2, 1]


def test_a_key_is_found_by_its_kid_and_only_for_its_alg() -> None:
    one, other = key_of("RS256"), key_of("RS256", "next")
    value = {"keys": [jwk(one, kid="1", alg="RS256"), jwk(other, kid="2"), jwk(key_of("ES256"), kid="1")]}
    keys = read_key_set(json.dumps(value).encode(), ("RS256", "PS256", "ES256"))
    assert [[key["n"] for key in keys.candidates("RS256", kid)] for kid in ("1", "2", "3")] == [
        [jwk(one)["n"]],
        [jwk(other)["n"]],
        [],
    ]
    assert [len(keys.candidates(name, "1")) for name in ("PS256", "ES256")] == [0, 1]
    assert len(keys.candidates("RS256", None)) == 2


def test_the_keys_that_are_tried_are_few() -> None:
    key = VerificationKey(key_of("ES256"), frozenset({"ES256"}), None)
    keys = KeySet([key] * 20)
    assert len(keys.candidates("ES256", None)) == len(keys.candidates("ES256", "x")) == MAX_TRIES


def test_the_keys_of_a_set_are_bounded() -> None:
    for others, usable in ((MAX_KEYS - 1, True), (MAX_KEYS, False)):
        content = json.dumps({"keys": [*([{}] * others), jwk(key_of("ES256"))]}).encode()
        with nullcontext() if usable else pytest.raises(UnusableKeys):
            read_key_set(content, {"ES256"})


def test_unusable_keys_of_a_set_are_ignored_as_long_as_one_is_usable() -> None:
    bad: list[Any] = [
        {"kty": "AKP", "alg": "ML-DSA-44"},
        {},
        jwk(key_of("ES256"), key_ops=["sign"]),
        5,
        {"kty": "oct", "k": "AAAA"},
        jwk(key_of("ES256"), use="enc"),
    ]
    keys = read_key_set(json.dumps({"keys": [*bad, jwk(key_of("ES256"))]}).encode(), {"ES256"})
    assert len(keys.candidates("ES256", None)) == 1
    for entry in bad:
        with pytest.raises(UnusableKeys):
            read_key_set(json.dumps({"keys": [entry]}).encode(), {"ES256", "RS256"})


REFUSED: list[tuple[bytes, tuple[str, ...], str]] = [
    (b"x" * 31, HMAC, "the secret has fewer than 32 bytes"),
    (b'{"kty":"oct","k":"' + b"A" * 40 + b'"}', HMAC, "the secret has fewer than 32 bytes"),
    (b'{"kty":"oct","k":"' + b"A" * 44 + b'"}', HMAC, "the secret has fewer than 8 different characters"),
    (b"x" * 64, HMAC, "the secret has fewer than 8 different characters"),
    (b"seecret secrret setcret secreet secret", HMAC, "the secret has fewer than 8 different characters"),
    (b"changeme!" * 4, HMAC, "the secret repeats a text of fewer than 32 bytes"),
    (b"0123456789abcdef0123456789abcdef", HMAC, "the secret repeats a text of fewer than 32 bytes"),
    (b"please-change-me please-change-me pl", HMAC, "the secret repeats a text of fewer than 32 bytes"),
    (b"", HMAC, "the secret has fewer than 32 bytes"),
    (b"x" * 32, ("RS256",), "it is neither PEM nor a JWK nor a JWK set"),
    (RSA_PEM, HMAC, "a key of type RSA does not verify HS256, HS384, HS512"),
    (json.dumps(jwk(key_of("RS256"))).encode(), HMAC, "a key of type RSA does not verify HS256, HS384, HS512"),
    (RSA_PEM, ("ES256", "EdDSA"), "a key of type RSA does not verify ES256, EdDSA"),
    (EC_PEM, ("ES384",), "a key of type EC does not verify ES384"),
    (public(OKPKey.generate_key("X25519")), ("EdDSA",), "a key of type OKP does not verify EdDSA"),
    (public(OKPKey.generate_key("Ed448")), ("EdDSA",), "a key of type OKP does not verify EdDSA"),
    (public(ECKey.generate_key("secp256k1")), ("ES256",), "a key of type EC does not verify ES256"),
    (key_of("RS256").as_pem(private=True), ("RS256",), "a key is private"),  # type: ignore[union-attr]
    (json.dumps(key_of("ES256").as_dict(private=True)).encode(), ("ES256",), "a key is private"),
    (RSA_PEM[:100], ("RS256",), "its PEM is not complete"),
    (RSA_PEM + EC_PEM[:100], ("RS256",), "its PEM is not complete"),
    (b"-----BEGIN x-----" * 10, ("RS256",), "its PEM is not complete"),
    (b"-----BEGIN A-----\n" * 10_000, ("RS256",), "its PEM is not complete"),
    (RSA_PEM.replace(b"M", b"N"), ("RS256",), "a key cannot be read"),
    (b"{", ("RS256",), "it begins like JSON"),
    (b'{"a":' * 5000, ("RS256",), "it begins like JSON"),
    (b'{"keys":[]}', ("RS256",), "its JWK set has no keys"),
    (b'{"keys":{}}', ("RS256",), "its JWK set has no keys"),
    (b"\xff" * 32, HMAC, "it is not UTF-8"),
    (b"[" + json.dumps(jwk(key_of("RS256"))).encode() + b"]", HMAC, "it begins like JSON"),
    (b"https://issuer.example/.well-known/jwks.json", HMAC, "it is an address"),
]


@pytest.mark.parametrize(("content", "algorithms", "reason"), REFUSED, ids=[reason for *_, reason in REFUSED])
def test_what_cannot_be_used_is_refused_with_a_reason(content: bytes, algorithms: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UnusableKeys) as refusal:
        read_key_set(content, algorithms)
    assert str(refusal.value).startswith(reason)


def test_a_byte_order_mark_turns_no_public_key_into_a_secret() -> None:
    for content in (json.dumps(jwk(key_of("RS256"))).encode(), RSA_PEM):
        marked = b"\xef\xbb\xbf" + content
        assert len(read_key_set(marked, ("RS256",)).candidates("RS256", None)) == 1
        with pytest.raises(UnusableKeys):
            read_key_set(marked, HMAC)


def test_a_weak_rsa_key_is_refused_in_each_form() -> None:
    value: dict[str, str | list[str]] = {"kty": "RSA", "e": "AQAB", "n": "t" + "A" * 170}
    with pytest.warns(SecurityWarning):
        pem = public(RSAKey.import_key(value))
    for content in (json.dumps(value).encode(), pem):
        with pytest.raises(UnusableKeys, match="too weak"):
            read_key_set(content, {"RS256"})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "EdDSA"])
def test_a_public_key_without_the_lines_around_it_is_no_secret(algorithm: str) -> None:
    pem = public(key_of(algorithm))
    _, *lines, _ = pem.splitlines()
    inside = b"".join(lines)
    url_safe = inside.translate(bytes.maketrans(b"+/", b"-_")).rstrip(b"=")
    for content in (inside, b"\r\n".join(lines), url_safe, base64.b64encode(pem)):
        jwk_of_it = {"kty": "oct", "k": encoded(content)}
        for form in (content, json.dumps(jwk_of_it).encode()):
            with pytest.raises(UnusableKeys, match="public key"):
                read_key_set(form, HMAC)


@given(st.binary(min_size=32, max_size=32))
def test_random_bytes_are_a_secret_in_each_way_of_writing_them(seed: bytes) -> None:
    secret = hashlib.sha256(seed).digest()
    for content in (secret.hex(), secret.hex()[:32], base64.b64encode(secret).decode(), encoded(secret)):
        assert read_key_set(content.encode(), HMAC).candidates("HS256", None)
    assert read_key_set(json.dumps({"kty": "oct", "k": encoded(secret)}).encode(), HMAC).candidates("HS256", None)


def test_an_ssh_key_is_no_secret() -> None:
    ssh = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGSjdF0FUYHfJ2JA6DXQ4nnZJrRbbMH4kJ0ZlJvmyH9t user@host"
    with pytest.raises(UnusableKeys):
        read_key_set(ssh, HMAC)


@given(st.one_of(st.binary(max_size=200), st.builds(lambda tail: b"-----BEGIN PUBLIC KEY-----" + tail, st.binary())))
def test_any_content_is_read_or_refused(content: bytes) -> None:
    for algorithms in (HMAC, ("RS256", "ES256", "EdDSA")):
        try:
            keys = read_key_set(content, algorithms)
        except UnusableKeys:
            continue
        assert algorithms == HMAC
        assert len(keys.candidates("HS256", None)) == 1
        assert len(content) >= 32
