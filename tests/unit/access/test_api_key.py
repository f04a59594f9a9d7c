"""API keys: their text, and the principals that they stand for."""

from msgspec.structs import replace

from service.access.api_key import KEY_ISSUER, ApiKey, key_digest, key_text
from service.access.principal import AccessRefusal, Principal
from service.access.scope import Grant

KEY = ApiKey("k1", key_digest("sk_x"), "importer", "team", ("stream",), ("doc-*",), created_at=10.0, expires_at=20.0)


def test_the_text_of_a_key_is_its_prefix_and_256_bits() -> None:
    assert key_text(bytes(32)) == "sk_" + "A" * 43
    assert key_text(b"\xff" * 32) == "sk_" + "_" * 42 + "8"
    assert key_digest(key_text(bytes(32))) != key_digest(key_text(b"\xff" * 32))


def test_a_key_is_its_name_in_its_space() -> None:
    grant = Grant.parse(["stream"], ["doc-*"])
    assert KEY.principal(19.9) == Principal(KEY_ISSUER, "importer", "team", grant, "k1", 10.0, 20.0)
    assert isinstance(replace(KEY, expires_at=None).principal(1e12), Principal)


def test_a_key_that_ended_or_cannot_be_read_is_refused() -> None:
    assert KEY.principal(20.0) is AccessRefusal.EXPIRED
    assert replace(KEY, revoked_at=11.0).principal(20.0) is AccessRefusal.REVOKED
    assert replace(KEY, sessions=("a b",)).principal(11.0) is AccessRefusal.INVALID
