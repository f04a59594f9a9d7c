"""Revocation of tokens, which end, and of keys, which may not."""

import pytest

from service.access.api_key import KEY_ISSUER, ApiKey, key_digest
from service.access.revocation import Revocation
from service.identity.revoking import revoke
from service.session.ports import StoreUnavailable
from tests.unit.identity.memory_access_store import MemoryAccessStore

NOW = 1_800_000_000.0


def store() -> MemoryAccessStore:
    return MemoryAccessStore(
        ApiKey(key_id, key_digest(key_id), name, name, ("stream",), ("*",), NOW - 60)
        for key_id, name in (("k1", "ci"), ("k2", "ci"), ("k3", "importer"))
    )


async def revoked_keys(of: MemoryAccessStore) -> list[str]:
    return [key.key_id for key in await of.keys() if key.revoked_at == NOW]


async def test_a_token_is_recorded_as_it_is() -> None:
    of = store()
    revocation = Revocation(0, "https://issuer.example", "", "ci", NOW)
    assert await revoke(of, revocation, 60.0, "https://issuer.example") == 1
    [recorded] = await of.revocations(0)
    assert (recorded.issuer, recorded.subject, recorded.before) == ("https://issuer.example", "ci", NOW)
    assert await revoked_keys(of) == []


async def test_a_revocation_that_can_concern_no_token_is_none() -> None:
    for issuer, accepted in (("https://issuer.example", ""), ("", "https://issuer.example"), ("typo", KEY_ISSUER)):
        of = store()
        assert await revoke(of, Revocation(0, issuer, "", "ci", NOW), 60.0, accepted) == 0
        assert await of.revocations(0) == []


async def test_a_key_is_marked_and_a_subject_is_each_of_its_keys() -> None:
    of = store()
    assert await revoke(of, Revocation(0, KEY_ISSUER, "", "ci", NOW), 60.0, "") == 2
    assert await revoked_keys(of) == ["k1", "k2"]
    assert await revoke(of, Revocation(0, KEY_ISSUER, "k3", "", NOW), 60.0, "") == 1
    assert await revoked_keys(of) == ["k1", "k2", "k3"]
    assert [one.token_id for one in await of.revocations(0)] == ["k1", "k2", "k3"]
    assert await revoke(of, Revocation(0, KEY_ISSUER, "", "ci", NOW + 1), 60.0, "") == 0
    assert await revoke(of, Revocation(0, KEY_ISSUER, "k9", "", NOW), 60.0, "") == 0


async def test_an_unavailable_store_is_an_error() -> None:
    of = store()
    of.available = False
    for issuer in ("", KEY_ISSUER):
        with pytest.raises(StoreUnavailable):
            await revoke(of, Revocation(0, issuer, "", "ci", NOW), 60.0, "")
